"use strict";
(() => {
  const blocks = [...document.querySelectorAll("details.block")];
  const filter = document.querySelector(".filter");
  const search = document.getElementById("search");
  const boxes = [...filter.querySelectorAll("input[type=checkbox]")];

  function sift() {
    const wanted = search.value.trim().toLowerCase();
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const block of blocks) {
      const fits = verdicts.has(block.dataset.verdict)
        && block.dataset.name.toLowerCase().includes(wanted);
      block.hidden = !fits;
      shown += fits;
    }
    for (const section of document.querySelectorAll("section.report")) {
      const own = [...section.querySelectorAll("details.block")];
      section.hidden = own.length > 0 && own.every((block) => block.hidden) && shown > 0;
    }
    document.getElementById("count").value = `${shown} of ${blocks.length} blocks`;
  }
  filter.hidden = blocks.length < 2;
  filter.addEventListener("input", sift);
  filter.addEventListener("submit", (event) => event.preventDefault());
  sift();

  // Pictures travel compressed: a hundred of them are then a few hundred kilobytes.
  async function draw(figure) {
    const packed = pictures[figure.dataset.picture];
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    figure.innerHTML = await new Response(stream).text();
  }
  const pictures = JSON.parse(document.getElementById("pictures").textContent);
  const figures = [...document.querySelectorAll("figure[data-picture]")];
  Promise.all(figures.map(draw)).then(() => { document.body.dataset.ready = "yes"; });

  // Paper cannot be unfolded.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = blocks.filter((block) => !block.open && block.dataset.verdict !== "correct");
    for (const block of closed) block.open = true;
  });
  addEventListener("afterprint", () => { for (const block of closed) block.open = false; });
})();

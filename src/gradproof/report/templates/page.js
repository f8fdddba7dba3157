"use strict";
(() => {
  const blocks = [...document.querySelectorAll("details.block")];
  const sections = [...document.querySelectorAll("section.report")];
  const entries = [...document.querySelectorAll("li.entry")];
  const filter = document.querySelector(".filter");
  const search = document.getElementById("search");
  const boxes = [...filter.querySelectorAll("input[type=checkbox]")];

  function sift() {
    const wanted = search.value.trim().toLowerCase();
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const named = (element) => element.dataset.name.toLowerCase().includes(wanted);
    // An error has no verdict that could be left out.
    const kept = (element) => element.dataset.verdict === "error" || verdicts.has(element.dataset.verdict);
    let shown = 0, checks = 0;
    for (const section of sections) {
      const own = [...section.querySelectorAll("details.block")];
      const whole = named(section);  // of a check that is meant all blocks are
      for (const block of own) {
        block.hidden = !(kept(block) && (whole || named(block)));
        shown += !block.hidden;
      }
      const found = own.length ? own.some((block) => !block.hidden) : whole && kept(section);
      section.hidden = !found && sections.length > 1;
      checks += found;
    }
    for (const entry of entries) {
      entry.hidden = document.getElementById(entry.dataset.for).hidden;
    }
    const count = `${shown} of ${blocks.length} blocks`;
    document.getElementById("count").value = sections.length > 1
      ? `${checks} of ${sections.length} checks, ${count}` : count;
  }
  filter.hidden = blocks.length + sections.length < 3;
  filter.addEventListener("input", sift);
  filter.addEventListener("submit", (event) => event.preventDefault());
  sift();

  // A link to a block shows it, folded or filtered out as it may be.
  function unfold() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let one = target; one; one = one.parentElement) one.hidden = false;
    if (target.matches("details")) target.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", unfold);
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    link.addEventListener("click", () => { if (link.hash === location.hash) unfold(); });
  }

  // Pictures travel compressed: a hundred of them are then a few hundred kilobytes.
  async function draw(figure) {
    const packed = pictures[figure.dataset.picture];
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    figure.innerHTML = await new Response(stream).text();
  }
  const pictures = JSON.parse(document.getElementById("pictures").textContent);
  const figures = [...document.querySelectorAll("figure[data-picture]")];
  Promise.all(figures.map(draw)).then(() => { unfold(); document.body.dataset.ready = "yes"; });

  // Paper cannot be unfolded.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = blocks.filter((block) => !block.open && block.dataset.verdict !== "correct");
    for (const block of closed) block.open = true;
  });
  addEventListener("afterprint", () => { for (const block of closed) block.open = false; });
})();

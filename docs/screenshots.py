"""Make the pictures of the documentation anew: `python docs/screenshots.py`.

The network is the tutorial's. The HTML page is photographed by a headless Chromium.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image
from rich.console import Console
from rich.text import Text

import gradproof as gp
from gradproof.demo.network import article_test_case, initialize_parameters
from gradproof.demo.network import backprop as right_backprop
from gradproof.demo.network import cost as layered_cost

DOCS = Path(__file__).parent
STATIC = DOCS / "_static"
LARGEST = 100_000  # bytes of one picture
OF_THE_TRIAL = "trial-growth.png"  # benchmarks/trial.py draws it

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--virtual-time-budget=5000",
)  # fmt: skip
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    """Make all pictures."""
    mpl.use("agg")
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        sys.exit(f"The pictures of the HTML page need one of {', '.join(_BROWSERS)} on the PATH.")
    with tempfile.TemporaryDirectory() as folder, _inside(Path(folder)):
        wrong, right = _of_the_tutorial()
        _terminal(wrong, "python check_network.py", "terminal.svg")
        _plot(wrong.plot(), "plot.png")
        _plot(right.plot("params['W2']", kind="steps"), "steps-right.png")
        for kind in ("steps", "entries", "map"):
            _plot(_of_some_entries().plot(kind=kind), f"{kind}-wrong.png")
        _fixed("fixed.svg")
        wrong.save("report.html")
        page = Path("report.html").resolve()
        _photograph(browser, page, "page-light.png", (960, 990))
        _photograph(browser, page, "page-dark.png", (960, 990), dark=True)
    made = [p for p in STATIC.iterdir() if p.suffix in (".svg", ".png") and p.name != OF_THE_TRIAL]
    for path in sorted(made):
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes")  # noqa: T201 - a command that tells what it made
        if size > LARGEST:
            sys.exit(f"{path.name} is larger than {LARGEST:,} bytes: make it smaller.")


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    here = Path.cwd()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        os.chdir(here)
        sys.path.remove(str(folder))


def _of_the_tutorial() -> tuple[gp.Report, gp.Report]:
    """The tutorial's network as it is written there, and the same with the right gradient."""
    tutorial = (DOCS / "tutorial.md").read_text("utf-8")
    found = re.search(r":caption: network.py\n\n(.*?)```", tutorial, re.DOTALL)
    assert found is not None
    Path("network.py").write_text(found[1], "utf-8")
    from network import backprop, cost  # type: ignore[import-not-found]

    X, Y, params = article_test_case()
    wrong = gp.check(cost, params, grad=backprop, args=(X, Y))
    right = gp.check(cost, params, grad=right_backprop, args=(X, Y), effort="thorough")
    return _timeless(wrong), _timeless(right)


def _of_some_entries() -> gp.Report:
    """A larger network, some entries of whose gradient are missing."""

    def gradient(params, X, Y):  # type: ignore[no-untyped-def]
        gradients = right_backprop(params, X, Y)
        gradients["dW2"][5, 3:9] = 0
        return gradients

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(20, 40)), rng.integers(0, 2, 40)
    params = initialize_parameters([20, 16, 12, 1], seed=1)
    return _timeless(gp.check(layered_cost, params, grad=gradient, args=(X, Y)))


def _timeless(report: gp.Report) -> gp.Report:
    """The same picture in every run."""
    return dataclasses.replace(report, seconds=0.03)


def _fixed(name: str) -> None:
    """The article's network, checked and repaired on the command line."""
    command = ["gradproof", "fix", "examples/article.py:broken"]
    coloured = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": "84", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", *command],
        cwd=DOCS.parent, env=coloured, stdout=subprocess.PIPE, encoding="utf-8", check=False,
    )  # fmt: skip
    said = re.sub(r"[\d.]+ s\b", "0.1 s", done.stdout)  # the same picture in every run
    _terminal(Text.from_ansi(said), " ".join(command), name)


def _terminal(shown: gp.Report | Text, title: str, name: str) -> None:
    """What a terminal shows, as a drawing; without its font, which would come over the network."""
    console = Console(record=True, width=84, file=io.StringIO(), force_terminal=True)
    console.print(shown, highlight=False)
    drawing = _FONT.sub("", console.export_svg(title=title, unique_id="report"))
    (STATIC / name).write_text(drawing, "utf-8")


def _plot(figure: mpl.figure.Figure, name: str) -> None:
    figure.savefig("picture.png", dpi=140, metadata={"Software": None})
    _keep(Path("picture.png"), name)


def _photograph(
    browser: str, page: Path, name: str, size: tuple[int, int], *, dark: bool = False
) -> None:
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603 - the browser on the PATH
            [
                browser, *_FLAGS, f"--user-data-dir={profile}",
                f"--window-size={size[0]},{size[1]}",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                f"--screenshot={Path.cwd() / 'picture.png'}", page.as_uri(),
            ],
            check=True, capture_output=True,
        )  # fmt: skip
    _keep(Path("picture.png"), name)


def _keep(picture: Path, name: str) -> None:
    """A picture of few colours is a small file."""
    with Image.open(picture) as image:
        small = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
        small.save(STATIC / name, optimize=True)


if __name__ == "__main__":
    main()

"""Pictures show what the report says: the fault stands out, and a right gradient shows none."""

import pickle
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from specimens import EVERY, TRAP, right, swept, wrong

import gradproof as gp
from gradproof.report import panels
from gradproof.report.grid import Fold
from gradproof.report.pictures import picture
from gradproof.report.wording import COLOURS

mpl.use("Agg")
from matplotlib import pyplot as plt

# matplotlib's own font has not every letter that a name may have.
# Pictures are drawn by hundreds here.
pytestmark = [pytest.mark.filterwarnings("ignore:Glyph"), pytest.mark.slow]

RED = mpl.colors.to_rgba(COLOURS["wrong"])
GREEN = mpl.colors.to_rgba(COLOURS["correct"])


@pytest.fixture(autouse=True)
def closed():
    plt.close("all")
    yield
    plt.close("all")


def drawn(report, kind, block=None):
    figure = report.plot(block, kind=kind)
    figure.canvas.draw()
    (axes,) = figure.axes
    return axes


def points(axes, colour):
    """The places of the markers of a colour."""
    lines = [x for x in axes.lines if x.get_marker() not in ("None", None, "")]
    some = [x.get_xydata() for x in lines if mpl.colors.to_rgba(x.get_color()) == colour]
    return np.concatenate(some) if some else np.empty((0, 2))


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_every_report_has_its_pictures(make):
    report = make()
    report.plot().canvas.draw()
    for block in report.blocks:
        for kind in ("steps", "entries", "map"):
            drawn(report, kind, block.name)
        assert picture(report, block).startswith("<svg")
    assert picture(report).startswith("<svg")


def test_a_wrong_claim_is_a_plateau_and_a_right_one_a_valley():
    plateau = drawn(wrong(), "steps", f"params[{TRAP!r}]")
    high = points(plateau, RED)
    assert len(high) >= 4
    assert len(points(plateau, GREEN)) == 0
    assert np.ptp(np.log10(high[:, 1])) < 0.01
    valley = drawn(right(effort="thorough"), "steps")
    assert len(points(valley, RED)) == 0
    steps = points(valley, GREEN)[:, 0]
    assert steps.min() <= 1e-9
    assert steps.max() >= 1e-4


def test_the_worst_block_of_a_wrong_report_was_measured_over_many_decades():
    report = wrong()
    steps = [t for m in report.ranked[0].measured for t, _ in m.steps]
    assert max(steps) / min(steps) > 1e6
    assert all(len(m.steps) <= 8 for b in right().blocks for m in b.measured)


@pytest.mark.parametrize("seed", range(40))
def test_what_noise_and_curvature_explain_is_honest(seed):
    """A central difference of a right gradient stays inside the band, at every step."""
    a, b, c = np.random.default_rng(seed).normal(size=3)
    report = gp.check(
        lambda x: float(np.sin(a * x) + b * np.exp(c * x) + 3), 0.7, effort="thorough",
        grad=lambda x: a * np.cos(a * x) + b * c * np.exp(c * x),
    )  # fmt: skip
    (block,) = report.blocks
    (shown,) = [m for m in block.measured if m.steps]
    steps, differences = np.array(shown.steps).T
    apart = np.abs(differences - shown.claimed)
    # Curvature comes with no bar: it is told by a few points with noise of their own.
    assert (apart <= panels._explained(shown, steps) * 1.01).all()


def test_entries_off_the_diagonal_are_those_at_fault():
    report = swept()
    axes = drawn(report, "entries", "params['W']")
    off = points(axes, RED)
    assert len(off) == 4
    assert np.allclose(off[:, 1], -2 * off[:, 0])
    on = points(axes, GREEN)
    assert len(on) == 16
    assert np.allclose(on[:, 0], on[:, 1])
    assert len(points(drawn(report, "entries", "params['b']"), RED)) == 0


def state(axes):
    (image,) = axes.images
    return np.asarray(image.get_array())


def test_the_map_shows_the_wrong_row():
    expected = np.ones((5, 4))
    expected[3] = 2
    assert np.array_equal(state(drawn(wrong(), "map", "params['W']")), expected)
    assert (state(drawn(wrong(), "map", f"params[{TRAP!r}]")) == 2).all()
    assert (state(drawn(wrong(), "map", "params['b']")) == 1).all()
    assert (state(drawn(EVERY["undecided"](), "map")) == 0).all()


def test_many_wrong_entries_are_pooled():
    report = EVERY["half_of_many"]()
    (finding,) = report.findings
    assert finding.entries is None
    assert np.shape(finding.grid) == (48, 48)
    assert abs(np.mean(finding.grid) - 0.5) < 0.02
    assert (state(drawn(report, "map")) == 2).mean() > 0.9


def test_the_overview_ranks_the_blocks():
    report = wrong()
    axes = drawn(report, "overview")
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] in ("params['W']", f"params[{TRAP!r}]")
    assert len(names) == len(report.blocks)
    assert len(points(axes, RED)) == 2
    assert "wrong" in axes.get_title(loc="left")


def test_one_picture_goes_where_it_is_wanted():
    figure, (left, _) = plt.subplots(1, 2)
    assert right().plot(kind="overview", ax=left) is figure
    assert left.lines


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"block": "params['nope']"},
            r"no block \"params\['nope'\]\": the report has params\['W'\]",
        ),
        ({"block": 77}, "no block 77"),
        ({"kind": "pie"}, "kind must be one of overview, steps, entries, map, but is 'pie'"),
        ({"ax": object()}, "say which with kind="),
    ],
)
def test_wrong_use_is_told(arguments, sentence):
    with pytest.raises(gp.UsageError, match=sentence):
        right().plot(**arguments)


def test_without_matplotlib_the_report_is_still_shown(tmp_path):
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import gradproof as gp\n"
        "report = gp.check(lambda x: x * x, 3.0, grad=lambda x: 3 * x)\n"
        "assert '<svg' not in report._repr_html_() and 'wrong' in report._repr_html_()\n"
        "try:\n    report.plot()\nexcept gp.UsageError as error:\n    print(error)\n"
        "report.save('report.html')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60,
        cwd=tmp_path,
    )  # fmt: skip
    assert (tmp_path / "report.html").is_file()
    assert "pip install 'gradproof[report]'" in done.stdout


def test_a_notebook_gets_the_plots():
    html = wrong()._repr_html_()
    assert html.count("<svg") == 2
    assert "<script" not in html
    assert "<style" not in html
    assert "currentColor" in html


# Folding


@pytest.mark.parametrize(
    "shape", [(), (1,), (7,), (300,), (3, 4), (200, 100), (2, 3, 4), (64, 3, 3, 3), (1, 1000)]
)
def test_a_fold_puts_every_entry_into_a_cell(shape):
    fold = Fold(shape)
    rng = np.random.default_rng(0)
    mask = rng.random(shape) < 0.3
    grid = np.array(fold.pool(mask))
    assert grid.shape == fold.cells
    assert max(grid.shape) <= 48
    marked = fold.marked(map(tuple, np.argwhere(mask)))
    assert np.array_equal(marked, grid > 0)
    if mask.size <= 48:
        assert grid.sum() == mask.sum()


def test_a_complex_entry_is_marked_by_its_place():
    assert Fold((3,)).marked([(1, 0)]).tolist() == [[False, True, False]]


@pytest.mark.parametrize("backend", ["agg", "inline"])
def test_a_plot_is_a_picture_by_itself(monkeypatch, backend):
    """A notebook that was told nothing of matplotlib asks for it by this name."""
    monkeypatch.setattr(plt, "get_backend", lambda: backend)
    before = plt.get_fignums()
    for made in (wrong().plot(), wrong().plot(kind="steps")):
        png = made._repr_png_()
        assert png.startswith(b"\x89PNG")
        assert len(png) > 5000
        assert pickle.loads(pickle.dumps(made))._repr_png_().startswith(b"\x89PNG")
    if backend == "inline":
        assert plt.get_fignums() == before  # it would be shown twice
    plt.close("all")

"""How fast a check is, beside the user's own function and beside the other checkers.

All figures are ratios measured in one run, the contestants interleaved, in CPU time of one thread;
what is counted (evaluations, forward passes) needs no clock.

    python benchmarks/speed.py                           # all figures: about three minutes
    python benchmarks/speed.py --only torch --only jax

The exit status is 1 if a figure is missed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

sys.path.append(str(Path(__file__).parent))

import numpy as np
from import_time import COMMANDS
from rich.console import Console
from rich.table import Table
from scaling import BATCH, THREADS, build, peak

import gradproof as gp
from gradproof.demo import network

PACKAGES = ("gradproof", "numpy", "torch", "jax", "pytest")
NETWORKS = ((784, 256, 128, 10), (784, 1024, 256, 10), (3000, 2500, 900, 10))
RELU = ((200, 300, 200, 10), (784, 1024, 256, 10))
BLOCKS, ENTRIES = 1000, 1000  # of the point of many blocks
MEMORY_AT = (784, 1024, 256, 10)
BIAS = 0.1  # standard deviation of the biases: at zero a ReLU may sit on its kink


_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, and what it has to reach: smaller is better. None where it is only reported."""

    name: str
    value: float
    unit: str
    to_reach: float | None = None
    stretch: float | None = None

    @property
    def reached(self) -> bool | None:
        return None if self.to_reach is None else self.value <= self.to_reach


# The clock -------------------------------------------------------------------------------


def timed(call: Callable[[], _Result]) -> tuple[float, _Result]:
    """The CPU time of a call, and what it returned."""
    began = time.process_time()
    found = call()
    return time.process_time() - began, found


def cpu(call: Callable[[], Any]) -> float:
    """The CPU time of a call."""
    return timed(call)[0]


def fastest(calls: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The least CPU time of each call, the calls taken in turns; the first turn does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            seconds = cpu(call)
            if turn:
                times[name].append(seconds)
    return {name: min(found) for name, found in times.items()}


def processes(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """The median CPU time of commands in fresh interpreters, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            before = _of_children()
            subprocess.run(
                [sys.executable, *command], check=True, stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
            )  # fmt: skip
            if turn:
                times[name].append(_of_children() - before)
    return {name: median(found) for name, found in times.items()}


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Counted:
    """A gradient function, and the CPU time that its calls took."""

    def __init__(self, grad: Callable[..., Any]) -> None:
        self.grad, self.seconds = grad, 0.0

    def __call__(self, *args: Any) -> Any:
        began = time.process_time()
        found = self.grad(*args)
        self.seconds += time.process_time() - began
        return found


# Tiny checks -----------------------------------------------------------------------------


def torch_matmul() -> Iterator[Figure]:
    """One right check of a 3 × 3 matrix product."""
    import torch

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    pair = [torch.randn(3, 3, dtype=torch.float64, generator=generator) for _ in range(2)]
    inputs = tuple(x.requires_grad_() for x in pair)
    times = fastest(
        {
            "ours": lambda: _right(gp.check(lambda p: p[0] @ p[1], inputs)),
            "fast": lambda: torch.autograd.gradcheck(torch.matmul, inputs, fast_mode=True),
        },
        60,
    )
    yield Figure("3×3 matmul, torch", times["ours"] / times["fast"], "× gradcheck fast", 0.5, 0.25)


def jax_matmul() -> Iterator[Figure]:
    """One right check of a compiled matrix product: of a function never seen before, and again."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(0)
    pair = tuple(jax.numpy.asarray(rng.normal(size=(3, 3))) for _ in range(2))

    def compiled() -> Callable[..., Any]:
        fun = jax.jit(lambda x, y: x @ y)
        fun(*pair).block_until_ready()
        return fun

    def ours(fun: Any) -> None:
        _right(gp.check(fun, pair[0], args=pair[1:]))

    def theirs(fun: Any) -> None:
        check_grads(lambda x: fun(x, pair[1]), pair[:1], order=1)

    known, new = compiled(), iter(compiled, None)
    fresh = list(itertools.islice(new, 24))
    again = fastest({"ours": lambda: ours(known), "theirs": lambda: theirs(known)}, 30)
    first = fastest({"ours": lambda: ours(fresh.pop()), "theirs": lambda: theirs(fresh.pop())}, 10)
    for name, times, reach in (("first", first, (1.0, 0.5)), ("repeated", again, (0.2, 0.1))):
        share = times["ours"] / times["theirs"]
        yield Figure(f"3×3 matmul, JAX, compiled, {name}", share, "× check_grads", *reach)


def article() -> Iterator[Figure]:
    """The article's network, beside the two-sided differences of every entry."""
    net = build((4, 5, 3, 1), "float64", 0)
    report = _right(net.check(0))
    yield Figure(
        f"4-5-3-1 network, NumPy: {report.evaluations} evaluations",
        report.evaluations / (2 * net.count), f"× the textbook's {2 * net.count}", 0.5, 0.25,
    )  # fmt: skip


def _right(report: gp.Report) -> gp.Report:
    if not report.ok:
        raise AssertionError(f"a right gradient is {report.verdict}: no time counts")
    return report


# Large ones ------------------------------------------------------------------------------


def networks() -> Iterator[Figure]:
    """Evaluations, and CPU time in units of a forward pass, the two backward passes included."""
    for layers in NETWORKS:
        net = build(layers, "float64", 0)
        grad, args = Counted(network.backprop), (net.X, net.Y)

        def check(net: Any = net, grad: Any = grad, args: Any = args) -> gp.Report:
            return gp.check(network.cost, net.parameters, grad=grad, args=args)

        yield from _large(f"{net.count:,} parameters", check, net.forward(), grad)


def relu() -> Iterator[Figure]:
    """The same for ReLU networks with squared errors, whose kinks lie denser."""
    for layers in RELU:
        net = Relu(layers)
        grad = Counted(net.backprop)

        def check(net: Any = net, grad: Any = grad) -> gp.Report:
            return gp.check(net.cost, net.parameters, grad=grad)

        forward = lambda net=net: net.cost(net.parameters)  # noqa: E731
        yield from _large(f"{net.count:,} parameters, squared errors", check, forward, grad)


def _large(
    name: str, check: Callable[[], gp.Report], forward: Callable[[], Any], grad: Counted
) -> Iterator[Figure]:
    passes, checks, overheads = [], [], []
    for _ in range(3):
        passes += [cpu(forward) for _ in range(5)][1:]
        before, (seconds, report) = grad.seconds, timed(check)
        checks.append(seconds)
        overheads.append((seconds - (grad.seconds - before)) / report.evaluations)
    forward_pass = median(passes)
    verdict = "" if report.ok else f", {report.verdict}"
    yield Figure(name + verdict, report.evaluations, "evaluations", 12, 10)
    yield Figure(name, min(checks) / forward_pass, "forward passes", 22, 17)
    yield Figure(f"{name}: overhead", min(overheads) / forward_pass, "× its passes", 1.3, 1.2)


class Relu:
    """Layers with a ReLU between them and half the mean of the squared errors."""

    def __init__(self, layers: Sequence[int], seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.depth = len(layers) - 1
        self.parameters: dict[str, Any] = {}
        for i, (m, n) in enumerate(itertools.pairwise(layers)):
            self.parameters[f"W{i}"] = rng.standard_normal((m, n)) * (2 / m) ** 0.5
            self.parameters[f"b{i}"] = BIAS * rng.standard_normal(n)
        self.X = rng.standard_normal((BATCH, layers[0]))
        self.Y = rng.standard_normal((BATCH, layers[-1]))

    @property
    def count(self) -> int:
        return sum(array.size for array in self.parameters.values())

    def _activations(self, p: Mapping[str, Any]) -> list[Any]:
        found = [self.X]
        for i in range(self.depth):
            z = found[-1] @ p[f"W{i}"] + p[f"b{i}"]
            found.append(z if i == self.depth - 1 else np.maximum(z, 0))
        return found

    def cost(self, p: Mapping[str, Any]) -> float:
        rest = self._activations(p)[-1] - self.Y
        return float(np.vdot(rest, rest)) / (2 * BATCH)

    def backprop(self, p: Mapping[str, Any]) -> dict[str, Any]:
        found = self._activations(p)
        d, grads = (found[-1] - self.Y) / BATCH, {}
        for i in reversed(range(self.depth)):
            grads[f"W{i}"], grads[f"b{i}"] = found[i].T @ d, d.sum(0)
            d = (d @ p[f"W{i}"].T) * (found[i] > 0)
        return grads


def transformer() -> Iterator[Figure]:
    """A transformer in float32: forward passes, and CPU time in training steps."""
    import torch
    import transformer as small

    torch.set_num_threads(1)
    _, model, _ = next(small.networks())
    tokens = torch.randint(small.WORDS, (small.BATCH, small.LENGTH + 1))

    def step() -> None:
        logits = model(tokens[:, :-1]).flatten(0, 1)
        torch.nn.functional.cross_entropy(logits, tokens[:, 1:].flatten()).backward()
        model.zero_grad()

    steps = [cpu(step) for _ in range(6)][1:]
    taken, report = timed(lambda: _right(small.check(model)))
    steps += [cpu(step) for _ in range(5)]
    yield Figure("float32 transformer", report.evaluations, "forward passes", 24, 16)
    yield Figure("float32 transformer", taken / median(steps), "training steps", 25, 18)
    yield Figure("float32 transformer: resolution", report.resolution, "of a block", 1e-3)


def blocks() -> Iterator[Figure]:
    """A point of many blocks: what the check costs beside its forward passes."""
    rng = np.random.default_rng(0)
    point = [rng.normal(size=ENTRIES) for _ in range(BLOCKS)]

    def cost(p: Any) -> float:
        return sum([float(np.vdot(x, x)) for x in p]) / 2

    def right(p: Any) -> Any:
        return [x.copy() for x in p]

    def wrong(p: Any) -> Any:
        return [x * 1.01 if i == BLOCKS // 3 else x.copy() for i, x in enumerate(p)]

    for name, given, reach in (("right", right, (1.3, 1.1)), ("one wrong", wrong, (2.0, 1.5))):
        grad = Counted(given)
        passes = [cpu(lambda: cost(point)) for _ in range(10)]
        taken, report = timed(lambda grad=grad: gp.check(cost, point, grad=grad))
        passes += [cpu(lambda: cost(point)) for _ in range(10)]
        if report.ok is not (name == "right"):
            raise AssertionError(f"{name}: {report.verdict}")
        share = (taken - grad.seconds) / (report.evaluations * median(passes))
        what = f"{BLOCKS:,} blocks of {ENTRIES:,}, {name}, {report.evaluations} evaluations"
        yield Figure(f"{what}: overhead", share, "× its passes", *reach)


def memory() -> Iterator[Figure]:
    """What a check holds at most, beyond what a forward and a backward pass hold."""
    for dtype, reach in (("float64", 1.3), ("float32", 2.6)):
        net = build(MEMORY_AT, dtype, 0)
        net.check(0)
        held = peak(lambda net=net: net.check(0))
        alone = max(peak(net.forward()), peak(net.backprop))
        share = (held - alone) / net.size
        yield Figure(f"{net.count:,} parameters, {dtype}: memory", share, "× the parameters", reach)


# Everything around it --------------------------------------------------------------------

_PLAIN = """\
import numpy as np
import pytest

@pytest.mark.parametrize("i", range({tests}))
def test_plain(i):
    x = np.array([1.0 + i])
    assert x @ x > 0
"""

_CHECKS = """\
import numpy as np
import pytest

@pytest.mark.parametrize("i", range({tests}))
def test_checked(i, gradproof):
    gradproof(lambda x: x @ x, np.array([1.0 + i]), grad=lambda x: 2 * x)
"""


def under_pytest(tests: int = 1000) -> Iterator[Figure]:
    """As many tests that check a trivial gradient, over as many that do not."""
    with tempfile.TemporaryDirectory() as folder:
        commands = {}
        for name, text in (("plain", _PLAIN), ("checks", _CHECKS)):
            file = Path(folder, f"test_{name}.py")
            file.write_text(text.format(tests=tests), "utf-8")
            options = ("-q", "-p", "no:cacheprovider", "--rootdir", folder)
            commands[name] = ("-m", "pytest", *options, str(file))
        times = processes(commands, 2)
    more = times["checks"] - times["plain"]
    yield Figure(f"{tests:,} trivial checks under pytest", more, "s more", 1.5, 0.5)


def imports() -> Iterator[Figure]:
    """What the import adds to that of numpy, and how soon the command answers."""
    times = processes(COMMANDS, 9)
    added = times["import numpy, gradproof"] - times["import numpy"]
    yield Figure("import gradproof, beyond numpy", added, "s", 0.10, 0.06)
    yield Figure("gradproof --help", times["gradproof --help"], "s", 0.3)


SLOWEST = 20.0  # seconds that gradcheck's slow mode may take for one operator


def operators() -> Iterator[Figure]:
    """Every differentiable operator of torch on its first sample, beside gradcheck's modes."""
    import opinfo
    import torch

    torch.set_num_threads(1)
    opinfo.warm_up()
    ours, fast, slow = opinfo.CONTESTANTS
    count, total, beside = 0, dict.fromkeys((ours, fast), 0.0), dict.fromkeys((ours, slow), 0.0)
    turns = itertools.cycle((opinfo.CONTESTANTS, opinfo.CONTESTANTS[::-1]))
    for op in opinfo.operators():
        for case in opinfo.cases(op, 1):
            opinfo.reseed(0)
            asked = {c: timed(lambda c=c, k=case: opinfo.ask(c, k, SLOWEST)) for c in next(turns)}
            total = {c: spent + asked[c][0] for c, spent in total.items()}
            if asked[slow][1].said != opinfo.NOT_RUN:
                beside = {c: spent + asked[c][0] for c, spent in beside.items()}
            count += 1
    share = total[ours] / total[fast]
    yield Figure(f"OpInfo, {count} operators", share, "× gradcheck fast", 1.0, 0.5)
    share = beside[ours] / beside[slow]
    yield Figure("OpInfo, where slow mode ends", share, "× gradcheck slow", 1 / 10, 1 / 15)


PAGES = 13


def pages() -> Iterator[Figure]:
    """A page of HTML for each of some checks, over none: what a fresh process takes more."""
    with tempfile.TemporaryDirectory() as folder:
        begin = _PAGES.format(count=PAGES)
        save = f"[r.save(f'{folder}/{{i}}.html') for i, r in enumerate(reports)]"
        times = processes({"none": ("-c", begin), "pages": ("-c", f"{begin}\n{save}")}, 3)
    more = times["pages"] - times["none"]
    yield Figure(f"a page of HTML for each of {PAGES} checks", more, "s more", 2.0)


_PAGES = """\
import numpy as np
import gradproof as gp
x = np.random.default_rng(0).normal(size=(4, 5))
right, wrong = lambda x: 2 * x, lambda x: 2.1 * x
reports = [gp.check(lambda x: np.sum(x * x), x, grad=wrong if i % 2 else right, seed=i)
           for i in range({count})]
"""


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {
    "opinfo": operators,
    "torch": torch_matmul,
    "jax": jax_matmul,
    "article": article,
    "networks": networks,
    "relu": relu,
    "transformer": transformer,
    "blocks": blocks,
    "memory": memory,
    "pytest": under_pytest,
    "import": imports,
    "html": pages,
}

# The command -----------------------------------------------------------------------------


def main() -> int:
    """Print the table; 1 where a figure is missed."""
    options = _options()
    threads = dict.fromkeys(THREADS, "1")
    if any(os.environ.get(name) != value for name, value in threads.items()):
        again = [sys.executable, __file__, *sys.argv[1:]]
        return subprocess.run(again, env={**os.environ, **threads}, check=False).returncode
    warnings.simplefilter("ignore")
    found = [figure for name in options.only or FIGURES for figure in FIGURES[name]()]
    _show(found)
    if options.json:
        told = [{**asdict(figure), "reached": figure.reached} for figure in found]
        options.json.write_text(json.dumps(told, indent=1), "utf-8")
    return int(any(figure.reached is False for figure in found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=list(FIGURES), help="one of the figures")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="the cheap ones; times mean nothing")
    options = parser.parse_args()
    if options.quick and not options.only:
        options.only = ["article", "torch", "jax"]
    return options


def _show(found: Sequence[Figure]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    versions = ", ".join(f"{p} {version(p)}" for p in PACKAGES)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    console.print(f"{machine}; Python {platform.python_version()}, {versions}", highlight=False)
    table = Table("figure", "", title="CPU time, one thread, in turns")
    for name in ("measured", "to reach", "stretch"):
        table.add_column(name, justify="right")
    table.add_column("unit")
    for figure in found:
        limits = ["" if x is None else f"≤ {x:g}" for x in (figure.to_reach, figure.stretch)]
        shown = re.sub(r"e-0", "e-", f"{figure.value:.3g}")
        table.add_row(figure.name, _MARKS[figure.reached], shown, *limits, figure.unit)
    console.print(table)


_MARKS = {True: "reached", False: "MISSED", None: ""}


if __name__ == "__main__":
    sys.exit(main())

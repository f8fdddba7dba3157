"""Every differentiable operator of torch, judged by gradproof and by both modes of gradcheck.

The operators and their inputs are those that torch tests itself with (its OpInfo database), in
float64 on the CPU, one thread. All three contestants get the same function and the same inputs,
one after the other in turns, and run on their defaults. A random operator is left random for
gradproof, which seeds the generators itself; gradcheck gets it with a seed before each call.

    python benchmarks/opinfo.py [--samples 1] [--ops REGEX] [--limit 20] [--faults] [--quick]

With ``--faults`` the same is done with a fault planted into the backward of each operator. The
exit status is 1 if a demand printed at the end is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))

import numpy as np
import torch
from opinfo_notes import EXPLAINED, QUICK, REFUSALS
from rich.console import Console
from rich.progress import track
from torch.autograd.gradcheck import GradcheckError, gradcheck

import gradproof as gp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_utils import is_iterable_of_tensors
    from torch.utils._pytree import tree_leaves

PASS, REJECTED, UNDECIDED, RAISED, NOT_RUN = "pass", "rejected", "undecided", "raised", "not run"
ANSWERS = (PASS, REJECTED, UNDECIDED, RAISED, NOT_RUN)
CONTESTANTS = ("gradproof", "fast", "slow")
FAULTS = ("times 1.0005", "one entry zero", "sign")

RATIO = 2.0  # total time, in units of fast mode's
JACOBIAN = 10_000_000  # entries of a Jacobian that slow mode is not asked to fill
ROUND_OFF = 1e-14  # a gradient this small beside the value is zero but for round-off
CHEAP = 0.02  # seconds of slow mode that `--quick` can afford

Function = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """One operator on one of its samples.

    ``fun`` takes the tensors that require grad, ``inputs``, and returns those outputs that
    depend on them; ``seconds`` is one call of it.
    """

    operator: str
    sample: int
    fun: Function
    inputs: tuple[torch.Tensor, ...]
    outputs: int
    is_random: bool
    seconds: float

    @property
    def entries(self) -> int:
        return sum(tensor.numel() for tensor in self.inputs)

    @property
    def slow(self) -> float:
        """Seconds that slow mode is expected to take; infinity beyond a size."""
        if self.entries * self.outputs > JACOBIAN:
            return float("inf")
        return self.seconds * (2 * self.entries + 4 * self.outputs)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one contestant said, in how much time; ``detail`` is its message in one line."""

    said: str
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One case, or one fault planted into it (then ``fault`` names it)."""

    operator: str
    sample: int
    entries: int
    outputs: int
    is_random: bool
    answers: dict[str, Answer]
    fault: str = ""

    @property
    def comparable(self) -> bool:
        return self.answers["slow"].said != NOT_RUN

    @property
    def agrees(self) -> bool:
        return self.answers["gradproof"].said == self.answers["slow"].said


# The functions under test ----------------------------------------------------------------


def operators(pattern: str = "", names: Sequence[str] = ()) -> list[Any]:
    """The operators that autograd differentiates in float64 on the CPU."""
    return [
        op
        for op in op_db
        if op.supports_autograd
        and torch.float64 in op.supported_backward_dtypes("cpu")
        and re.search(pattern, op.full_name)
        and (not names or op.full_name in names)
    ]


def cases(op: Any, samples: int, seed: int = 0) -> Iterator[Case]:
    """An operator on its first samples (0: all) that have something to differentiate."""
    return islice(_cases(op, seed), samples or None)


def _cases(op: Any, seed: int) -> Iterator[Case]:
    reseed(seed)
    drawn = op.sample_inputs("cpu", torch.float64, requires_grad=True)
    for number, sample in enumerate(drawn):
        whole, inputs = recomposed(op, sample)
        if not sum(tensor.numel() for tensor in inputs):
            continue
        fun, outputs = differentiable_part(whole, inputs)
        if not outputs:
            continue
        began = time.perf_counter()
        values = [fun(*inputs) for _ in range(3)]
        seconds = (time.perf_counter() - began) / len(values)
        is_random = not all(alike(values[0], other) for other in values)
        yield Case(op.full_name, number, fun, inputs, outputs, is_random, seconds)


def alike(some: Iterable[Any], others: Iterable[Any]) -> bool:
    """Whether two calls returned the same numbers; NaN is equal to NaN."""
    pairs = zip(map(_complex, some), map(_complex, others), strict=True)
    return all(bool(((a == b) | (a.isnan() & b.isnan())).all()) for a, b in pairs)


def _complex(output: Any) -> Any:
    """Without layout and precision of its own."""
    return output.detach().to_dense().to(torch.complex128)


def reseed(seed: int) -> None:
    """The generators that torch's samples and operators draw from."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - it is the global generator that samples draw from
    random.seed(seed)


def recomposed(op: Any, sample: Any) -> tuple[Function, tuple[torch.Tensor, ...]]:
    """The operator as a function of those tensors of a sample that require grad.

    As in the gradient tests of torch itself (``TestGradients._check_helper``), with the
    operator's own wrapper for arguments that must stay triangular, Hermitian and so on.
    """
    arguments = (sample.input, *sample.args, *sample.kwargs.values())
    flat = [t for a in arguments for t in (a if is_iterable_of_tensors(a) else [a])]

    def fun(*inputs: Any) -> Any:
        moved = iter(inputs)

        def one(given: Any) -> Any:
            if isinstance(given, torch.Tensor) and given.requires_grad:
                return next(moved)
            return given

        def back(given: Any) -> Any:
            return [one(t) for t in given] if is_iterable_of_tensors(given) else one(given)

        positional = [back(a) for a in (sample.input, *sample.args)]
        keywords = {name: back(a) for name, a in sample.kwargs.items()}
        output = op.gradcheck_wrapper(op.get_op(), *positional, **keywords)
        return sample.output_process_fn_grad(output)

    fun.__name__ = op.full_name
    return fun, tuple(t for t in flat if isinstance(t, torch.Tensor) and t.requires_grad)


def differentiable_part(whole: Function, inputs: Sequence[Any]) -> tuple[Function, int]:
    """The function with only those outputs that depend on the inputs; how many entries they are."""
    found = tree_leaves(whole(*inputs))
    kept = [i for i, o in enumerate(found) if isinstance(o, torch.Tensor) and o.requires_grad]

    def fun(*inputs: Any) -> tuple[Any, ...]:
        outputs = tree_leaves(whole(*inputs))
        return tuple(outputs[i] for i in kept)

    fun.__name__ = whole.__name__
    return fun, sum(found[i].numel() for i in kept)


# The contestants -------------------------------------------------------------------------


def ours(case: Case) -> tuple[str, str]:
    report = check(case)
    if report.verdict is gp.Verdict.CORRECT:
        return PASS, ""
    said = UNDECIDED if report.verdict is gp.Verdict.UNDECIDED else REJECTED
    reasons = [finding.message for finding in report.findings] or report.remarks
    return said, f"{report.verdict}: {' | '.join(reasons)}"


def check(case: Case) -> gp.Report:
    """gradproof on its defaults."""

    def fun(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return case.fun(*inputs)

    return gp.check(fun, case.inputs, name=case.operator)


def theirs(case: Case, *, fast: bool) -> tuple[str, str]:
    fun = case.fun
    if case.is_random:

        def fun(*inputs: Any) -> Any:
            reseed(0)
            return case.fun(*inputs)

    try:
        gradcheck(fun, case.inputs, fast_mode=fast)
    except GradcheckError as error:
        return REJECTED, str(error)
    return PASS, ""


def ask(contestant: str, case: Case, limit: float, *, planted: bool = False) -> Answer:
    """One contestant on one case; slow mode only where it is expected to end in time.

    Fast mode calls slow mode where it finds a fault, to say more about it.
    """
    if case.slow > limit and (contestant == "slow" or (contestant == "fast" and planted)):
        return Answer(NOT_RUN, 0.0)
    began = time.perf_counter()
    try:
        said, detail = ours(case) if contestant == "gradproof" else theirs(
            case, fast=contestant == "fast"
        )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - whatever a contestant raises is its answer
        said, detail = RAISED, f"{type(error).__name__}: {error}"
    return Answer(said, time.perf_counter() - began, " ".join(detail.split())[:400])


def judge(case: Case, limit: float, turn: int = 0, fault: str = "") -> Row:
    """All contestants on one case, beginning with another one at each turn."""
    first = turn % len(CONTESTANTS)
    order = CONTESTANTS[first:] + CONTESTANTS[:first]
    answers = {c: ask(c, case, limit, planted=bool(fault)) for c in order}
    return Row(
        case.operator, case.sample, case.entries, case.outputs, case.is_random, answers, fault
    )


def warm_up() -> None:
    """What only the first check pays for: imports and the like."""
    point = (torch.ones(3, dtype=torch.float64, requires_grad=True),)
    case = Case("warm-up", 0, lambda x: (x.sin(),), point, 3, False, 0.0)
    wrong = replace(case, fun=lambda x: (_Times.apply(x.sin(), -1.0),))
    for either in (case, wrong):
        judge(either, float("inf"))


# The planted faults ----------------------------------------------------------------------


class _Times(torch.autograd.Function):
    """The identity, whose backward multiplies by a factor."""

    @staticmethod
    def forward(ctx: Any, x: Any, factor: float) -> Any:
        ctx.factor = factor
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * ctx.factor, None


class _Without(torch.autograd.Function):
    """The identity, whose backward sets one entry to zero."""

    @staticmethod
    def forward(ctx: Any, x: Any, entry: int) -> Any:
        ctx.entry = entry
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        grad = grad.clone(memory_format=torch.contiguous_format)
        grad.view(-1)[ctx.entry] = 0
        return grad, None


def faulty(case: Case, fault: str, seed: int = 0) -> Case | None:
    """The case with a fault behind it; None where no gradient would show it.

    Factors stand behind every output; the zero stands before the input with the largest
    gradient, at one of the entries whose gradient is at least a thousandth of the largest.
    """
    if not dense(case):
        return None
    gradients = gradient(case, seed)
    norms = [float(g.abs().max()) if g is not None and g.numel() else 0.0 for g in gradients]
    largest = max(norms)
    if not ROUND_OFF * magnitude(case) < largest < float("inf"):
        return None
    if fault == "one entry zero":
        which = norms.index(largest)
        candidates = (gradients[which].abs().reshape(-1) > 1e-3 * largest).nonzero().reshape(-1)
        entry = int(candidates[random.Random(seed).randrange(len(candidates))])  # noqa: S311

        def fun(*inputs: Any) -> Any:
            moved = [_Without.apply(x, entry) if k == which else x for k, x in enumerate(inputs)]
            return case.fun(*moved)

    else:
        factor = 1.0005 if fault == "times 1.0005" else -1.0

        def fun(*inputs: Any) -> Any:
            return tuple(_Times.apply(output, factor) for output in case.fun(*inputs))

    fun.__name__ = f"{case.operator}, {fault}"
    return replace(case, fun=fun)


def gradient(case: Case, seed: int) -> list[Any]:
    """Autograd's own, along random cotangents."""
    reseed(seed)
    outputs = [o for o in case.fun(*case.inputs) if o.requires_grad]
    drawn = [torch.randn(o.shape, dtype=torch.float64).to(o.dtype) for o in outputs]
    return list(torch.autograd.grad(outputs, case.inputs, drawn, allow_unused=True))


def magnitude(case: Case) -> float:
    """The largest output."""
    sizes = [_complex(output).abs() for output in case.fun(*case.inputs)]
    return max(float(size.max()) for size in sizes if size.numel())


def dense(case: Case) -> bool:
    """Whether no tensor is sparse: no fault is planted into one that is."""
    return all(t.layout is torch.strided for t in (*case.inputs, *case.fun(*case.inputs)))


# The run ---------------------------------------------------------------------------------


def run(options: argparse.Namespace, chosen: Sequence[Any]) -> Iterator[Row]:
    """All rows: each case as it is, then with the faults."""
    turn = 0
    for op in _tracked(chosen):
        for case in cases(op, options.samples, options.seed):
            reseed(options.seed)
            yield judge(case, options.limit, turn)
            turn += 1
            for fault in FAULTS if options.faults else ():
                planted = faulty(case, fault, options.seed)
                if planted is not None:
                    yield judge(planted, options.limit, turn, fault)


def _tracked(chosen: Sequence[Any]) -> Iterable[Any]:
    console = Console(stderr=True)
    return track(chosen, "checking", console=console) if console.is_terminal else chosen


def main() -> int:
    options = _options()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    chosen = operators(options.ops, QUICK if options.quick else ())
    warm_up()
    rows = list(run(options, chosen))
    right = [row for row in rows if not row.fault]
    planted = [row for row in rows if row.fault]
    wanted = demands(right, planted, timed=not options.quick)
    print(
        f"{len({row.operator for row in right})} operators, {len(right)} samples, "
        f"torch {torch.__version__}, one thread, seed {options.seed}"
    )
    show(right, planted)
    for text, reached in wanted:
        print(f"{_MARKS[reached]} {text}")
    if options.json:
        options.json.write_text(json.dumps(_record(options, rows, wanted), indent=1))
    return 1 if any(reached is False for _, reached in wanted) else 0


Demand = tuple[str, bool | None]
_MARKS = {True: "reached    ", False: "NOT REACHED", None: "reported   "}


def demands(right: Sequence[Row], planted: Sequence[Row], *, timed: bool) -> list[Demand]:
    """What gradproof has to reach; None where a figure is only reported."""
    ratio = total(right, "gradproof") / total(right, "fast")
    strange = unexplained(right)
    wanted: list[Demand] = [
        (f"unexplained: {len(strange)} verdicts, none allowed", not strange),
        (
            f"time: {ratio:.2f} × fast mode's, at most {RATIO:g} ×",
            ratio <= RATIO if timed else None,
        ),
    ]
    for fault in FAULTS if planted else ():
        caught, all_of_them = share(right, planted, fault, "gradproof")
        text = f"{fault}: {caught} of {all_of_them} caught, all wanted"
        wanted.append((text, caught == all_of_them))
    return wanted


def total(rows: Iterable[Row], contestant: str) -> float:
    return sum(row.answers[contestant].seconds for row in rows)


def differing(right: Iterable[Row]) -> list[Row]:
    """Where gradproof and slow mode disagree; without slow mode, where gradproof does not pass."""
    return [
        row
        for row in right
        if not row.agrees and (row.comparable or row.answers["gradproof"].said != PASS)
    ]


def reason(row: Row) -> str:
    """Why gradproof and slow mode differ, as far as it is known; empty where it is not.

    A note by the operator's name excuses no accusation, and an exception only where its own text
    is known: a refusal of gradproof's, or what the operator itself raises.
    """
    ours = row.answers["gradproof"]
    if ours.said == RAISED:
        found = (text for pattern, text in REFUSALS.items() if re.search(pattern, ours.detail))
        return next(found, "")
    return EXPLAINED.get(row.operator, "") if ours.said in (PASS, UNDECIDED) else ""


def unexplained(right: Iterable[Row]) -> list[Row]:
    return [row for row in differing(right) if not reason(row)]


def share(
    right: Sequence[Row], planted: Sequence[Row], fault: str, contestant: str
) -> tuple[int, int]:
    """Faults caught, of those planted into what the contestant passes without the fault."""
    passed = {(row.operator, row.sample) for row in right if row.answers[contestant].said == PASS}
    answers = [
        row.answers[contestant].said
        for row in planted
        if row.fault == fault and (row.operator, row.sample) in passed
    ]
    ran = [said for said in answers if said != NOT_RUN]
    return sum(said == REJECTED for said in ran), len(ran)


# What is printed -------------------------------------------------------------------------


def show(right: Sequence[Row], planted: Sequence[Row]) -> None:
    both = [row for row in right if row.comparable]
    table(
        "Total time",
        ("samples", "number", "gradproof", "fast", "slow", "gradproof / fast", "slow / gradproof"),
        [_times("all", right), _times("where slow mode ran", both)],
    )
    counts = {c: Counter(row.answers[c].said for row in right) for c in CONTESTANTS}
    table(
        "Answers",
        ("contestant", *ANSWERS),
        [[c, *(str(counts[c][said]) for said in ANSWERS)] for c in CONTESTANTS],
    )
    strange = unexplained(right)
    known = [row for row in differing(right) if row not in strange]
    table("UNEXPLAINED", _HEAD, [[*_both(row), row.answers["gradproof"].detail] for row in strange])
    table("Explained", _HEAD, [[*_both(row), reason(row)] for row in known])
    if planted:
        table(
            "Faults caught",
            ("fault", *CONTESTANTS),
            [[f, *(_caught(right, planted, f, c) for c in CONTESTANTS)] for f in FAULTS],
        )


_HEAD = ("operator", "sample", "gradproof", "slow", "fast", "why")


def _both(row: Row) -> list[str]:
    said = [row.answers[c].said for c in ("gradproof", "slow", "fast")]
    return [row.operator, str(row.sample), *said]


def _times(name: str, rows: Sequence[Row]) -> list[str]:
    spent = [total(rows, contestant) for contestant in CONTESTANTS]
    times = [f"{seconds:.2f} s" for seconds in spent]
    ratios = [spent[0] / spent[1], spent[2] / spent[0]] if rows else [float("nan")] * 2
    return [name, str(len(rows)), *times, *(f"{ratio:.2f}" for ratio in ratios)]


def _caught(right: Sequence[Row], planted: Sequence[Row], fault: str, contestant: str) -> str:
    caught, ran = share(right, planted, fault, contestant)
    return f"{caught} of {ran} ({100 * caught / ran:.1f} %)" if ran else "0 of 0"


def table(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """A Markdown table; nothing where there are no lines."""
    if lines:
        body = [head, ["---"] * len(head), *lines]
        rows = ["| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in body]
        print(f"\n{title}\n", *rows, "", sep="\n")


def _record(
    options: argparse.Namespace, rows: Sequence[Row], wanted: Sequence[Demand]
) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "versions": {"torch": torch.__version__, "gradproof": gp.__version__},
        "rows": [asdict(row) for row in rows],
        "demands": [{"text": text, "reached": reached} for text, reached in wanted],
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=1, help="of each operator; 0: all")
    parser.add_argument("--ops", default="", metavar="REGEX", help="only operators that match")
    parser.add_argument(
        "--limit", type=float, default=20.0, metavar="SECONDS", help="for slow mode on one sample"
    )
    parser.add_argument("--faults", action="store_true", help="plant faults behind each operator")
    parser.add_argument("--quick", action="store_true", help="some operators, little of slow mode")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.quick:
        options.limit = CHEAP
    return options


if __name__ == "__main__":
    sys.exit(main())

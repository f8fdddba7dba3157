"""The rules of the judge and of the engine, and how each is switched off.

A rule is a row: its name and the replacements that switch it off, each as ``module:attribute``
with what stands there instead. Where code moves, only the left-hand sides move with it.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

# Of what is replaced, given what stood there: functions are often wrapped.
Replacement = Callable[[Any], Any]


@dataclass(frozen=True)
class Rule:
    """``what`` says in a few words what the rule does."""

    name: str
    what: str
    off: Mapping[str, Replacement]


def value(number: Any) -> Replacement:
    """A constant in its place."""
    return lambda _: number


def returns(result: Any) -> Replacement:
    """A function that always returns the same."""
    return lambda _: lambda *args, **kwargs: result


def gives(argument: int) -> Replacement:
    """A function that returns one of its arguments."""
    return lambda _: lambda *args, **kwargs: args[argument]


@contextmanager
def switched_off(rule: Rule) -> Iterator[None]:
    """Without a rule, until the end of the block."""
    held = []
    try:
        for place, replacement in rule.off.items():
            owner, name = _place(place)
            held.append((owner, name, standing(owner, name)))
            _put(owner, name, replacement(standing(owner, name)))
        yield
    finally:
        for owner, name, before in reversed(held):
            _put(owner, name, before)


def standing(owner: Any, name: str) -> Any:
    """What stands in a place, not bound: a property or a method is put back as such."""
    return vars(owner)[name] if hasattr(owner, "__dict__") else getattr(owner, name)


def _put(owner: Any, name: str, what: Any) -> None:
    if isinstance(owner, ModuleType | type):
        setattr(owner, name, what)
    else:  # the thresholds, which are frozen
        object.__setattr__(owner, name, what)


def _place(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    *inside, name = path.split(".")
    owner = importlib.import_module(module)
    for step in inside:
        owner = getattr(owner, step)
    return owner, name


# Where things are.
NUMBERS = "gradproof.judge.thresholds:T"
EVIDENCE = "gradproof.judge.evidence"
VERDICT = "gradproof.judge.verdict"
STATE = "gradproof.engine.state"
COMPARE = "gradproof.engine.compare"
START = "gradproof.engine.start"
LOOP = "gradproof.engine.loop"
RULINGS = "gradproof.engine.rulings"
KINK = "gradproof.engine.at_kink"
HULL = "gradproof.judge.hull"
SEARCH = "gradproof.slopes.search"
LADDER = "gradproof.slopes.ladder"
SHAPE = "gradproof.slopes.smoothness"
SAMPLER = "gradproof.slopes.sampler"
PLANS = "gradproof.plan.strategy:_STRATEGIES.entries"

importlib.import_module("gradproof.plan.strategy").strategies()  # all of them are registered


def without(*names: str) -> Replacement:
    """The strategies of every plan but some."""
    return lambda entries: {k: v for k, v in entries.items() if k not in names}


def _alone(judge: Any) -> Any:
    """Judged by the comparisons that move one block only."""

    def judged(block: Any, comparisons: Any, **known: Any) -> Any:
        own = [c for c in comparisons if c.direction.block == block.index]
        return judge(block, own, **known)

    return judged


def _without_kinks(verdict: Any) -> Any:
    def judged(low: float, high: float, bands: Any, block: Any, comparisons: Any) -> Any:
        return verdict(low, high, bands, block, [c for c in comparisons if not c.kinked])

    return judged


def _silent(noises: Any) -> Any:
    """The same measurement of a claim's round-off, of which nothing is believed."""

    def none(session: Any) -> Any:
        return [(0.0,) * len(noise) for noise in noises(session)]

    return none


def _never_taken(sampler: Any) -> Any:
    def plain(*args: Any, taken: Any, **known: Any) -> Any:
        return sampler(*args, **known)

    return plain


def _noiseless(_: Any) -> Any:
    def measured(search: Any, first: Any) -> None:
        search.noise = first.roundoff

    return measured


def _flat_stays(_: Any) -> Any:
    return lambda search, first: first


def _no_windows(_: Any) -> Any:
    return lambda search, ordered: iter(())


def _no_doubt(_: Any) -> Any:
    return lambda state, learned, *args: (learned, False)


def _none_hidden(_: Any) -> Any:
    return lambda session: False


def _random_shifts(shifts: Any) -> Any:
    """As many, all of them random."""

    def random(blocks: Any, seed: int) -> Any:
        every = list(shifts(blocks, seed))
        return [dataclasses.replace(every[0], draw=k) for k in range(len(every))]

    return random


def _no_ties(ties: Any) -> Any:
    def none(*args: Any) -> Any:
        amid, exempt = ties(*args)
        return amid & False, exempt & False

    return none


def _at_an_edge(_: Any) -> Any:
    shapes = importlib.import_module("gradproof.records.slope").Smoothness
    none = importlib.import_module(SHAPE)._none  # noqa: SLF001 - what it says of no slope
    return lambda search, narrowest, start: none(search, shapes.NOT_FINITE)


# What comes after the verdict: it is left out, with and without a rule.
EXPLAINING = Rule("explaining", "why it is wrong, and a scan for the plot", {
    "gradproof.engine.examine:explain": lambda _: lambda run, watch: (run, {}),
    "gradproof.engine.examine:find_lines": returns({}),
    "gradproof.engine.examine:scanned": gives(0),
})  # fmt: skip

ALL: tuple[Rule, ...] = (
    # Slopes.
    Rule("pilot window", "noise is measured in a tiny window",
         {f"{SEARCH}:Search._measure_noise": _noiseless}),
    Rule("climb", "a flat first window is widened until it shows steps",
         {f"{SEARCH}:Search._climb_steps": _flat_stays}),
    Rule("merged windows", "two neighbours in one fit", {f"{LADDER}:Ladder._merged": _no_windows}),
    Rule("unsettled", "the bar near |t|^p", {f"{LADDER}:Ladder.unsettled": returns(0.0)}),
    Rule("kink", "two smooth sides",
         {f"{SEARCH}:kinked": returns(False), f"{SHAPE}:kinked": returns(False)}),
    Rule("detail below", "what dies out next to the point is no noise",
         {f"{SEARCH}:deeper": returns(None)}),
    Rule("treads", "what breaks in steps is rounding", {f"{SEARCH}:is_staircase": returns(False)}),
    Rule("waves", "no window that averages over waves",
         {f"{LADDER}:Ladder._widest_to_believe": returns(float("inf")),
          f"{SEARCH}:Search._may_average": returns(False)}),
    Rule("jump", "two sides apart", {f"{SHAPE}:_jumps": returns(False)}),
    Rule("edge", "the slope of the finite side", {f"{SHAPE}:_at_edge": _at_an_edge}),
    Rule("float32 inside", "seen in the values", {f"{SAMPLER}:is_single": returns(False)}),
    Rule("steps taken", "what a float really moved by", {f"{COMPARE}:Sampler": _never_taken}),
    Rule("hints", "noise and window known from slopes before", {f"{COMPARE}:_hints": returns({})}),
    # Nearer, and in steps.
    Rule("quantisation", "a slope of a stepped function that rejects a claim",
         {f"{COMPARE}:_doubt": _no_doubt}),
    # The claim.
    Rule("known noise", "round-off of the claim, before it is rejected",
         {f"{LOOP}:with_known_noise": gives(1)}),
    Rule("doubt", "the claim beside the same in float64",
         {f"{START}:claimed_round_off": _silent, f"{COMPARE}:claimed_round_off": _silent}),
    Rule("promotion", "fun is evaluated in float64",
         {"gradproof.subject.prepare:promote": returns(None)}),
    Rule("claim noise 5×", "its measured norm is not its largest projection",
         {f"{NUMBERS}.claim_noise": value(1.0)}),
    # The natural scale.
    Rule("bend", "what a slope becomes one scale away, by its windows",
         {f"{LADDER}:Ladder.bend": returns(0.0)}),
    Rule("round-off", "a hundred roundings of the natural scale are none",
         {f"{NUMBERS}.roundoff": value(0.0)}),
    # The judgement.
    Rule("support from joint", "directions through several blocks support a claim",
         {f"{STATE}:judge": _alone}),
    Rule("single observation 3×", "a single gap has to be plain",
         {f"{NUMBERS}.single_observation": value(1.0)}),
    Rule("same ratio", "a constant factor is known exactly",
         {f"{VERDICT}:common": returns(0.0), f"{EVIDENCE}:common": returns(0.0)}),
    Rule("worst entry", "a norm forgets small entries", {f"{VERDICT}:_worst_entry": returns(0.0)}),
    Rule("near", "another draw where a gap is near the band", {f"{NUMBERS}.near": value(1e300)}),
    Rule("within the kink", "right between the one-sided slopes",
         {f"{VERDICT}:_verdict": _without_kinks}),
    # The plan.
    Rule("small apart", "a direction for what is small beside the rest",
         {f"{START}:_small": returns(())}),
    Rule("alike", "in a joint direction all blocks contribute alike",
         {"gradproof.plan.setting:_STRETCH": value(1.0)}),
    Rule("sharpen", "again where it is blunt or in doubt", {PLANS: without("sharpen")}),
    Rule("sweep", "every entry of a small block in doubt", {PLANS: without("sweep")}),
    Rule("spans scales", "entries of many scales reject one by one only", {
        "gradproof.plan.sweep:spans_scales": returns(False),
        "gradproof.engine.explain:spans_scales": returns(False),
    }),
    Rule("reach", "small numbers are moved as far as shows their gradient",
         {f"{LOOP}:reach": returns(None)}),
    Rule("four points", "a slope from four points that a claim agrees with",
         {f"{COMPARE}:_four": returns(None)}),
    # What else explains a rejection.
    Rule("jumps", "roundings inside, which wide steps see over",
         {f"{RULINGS}:on_treads": returns({})}),
    Rule("round-off of the claim", "what claims along a line scatter",
         {f"{RULINGS}:_round_off": returns({})}),
    Rule("chance", "claims that are drawn", {f"{RULINGS}:_chance": returns({})}),
    Rule("tolerance", "what a solver leaves over", {f"{RULINGS}:_tolerance": returns({})}),
    Rule("special points", "a second look beside them",
         {f"{LOOP}:special": returns(False)}),
    Rule("lost in half precision", "more than its operations round",
         {f"{START}:lost": returns({})}),
    Rule("off in float64", "by more than the roundings of half precision",
         {f"{START}:_off_in_double": gives(1)}),
    # At a kink.
    Rule("beside", "checked a little way beside it", {"gradproof.engine.restart:beside": gives(0)}),
    Rule("claims beside", "a claim at a kink lies among those just beside it",
         {f"{LOOP}:at_kink": returns({})}),
    Rule("hidden kinks", "a kink that no line through it shows",
         {f"{LOOP}:is_hidden": _none_hidden}),
    Rule("structured shifts", "corners that random shifts never reach",
         {f"{KINK}:shifts": _random_shifts}),
    Rule("balanced shifts", "where some entries move far more than others",
         {f"{KINK}:balanced": returns(())}),
    Rule("shifts on demand", "further claims beside a kink, where something is open",
         {f"{KINK}:ROUNDS": value(0)}),
    Rule("exempt ties", "a tie of many that adds up", {f"{HULL}:ties": _no_ties}),
    Rule("many values", "behind several kinks a claim may leave the hull", {
        f"{NUMBERS}.beyond_many": value(1e-3), f"{NUMBERS}.beyond_few": value(1e-3),
    }),
    Rule("curvature", "what half a shift changes", {f"{NUMBERS}.bends": value(0.0)}),
    Rule("ties", "tied entries move together, for claims in arrays", {PLANS: without("ties")}),
    Rule("beyond choice", "a claim in an array beyond all one-sided slopes",
         {f"{STATE}:beyond_choice": returns(False)}),
    Rule("exempt kinks", "a claim known only at a kink is not rejected",
         {f"{LOOP}:exempt": gives(0)}),
)  # fmt: skip

"""The rules of the judge and of the engine, and how each is switched off.

A rule is a row: its name and the replacements that switch it off, each as ``module:attribute``
with what stands there instead. Where code moves, only the left-hand sides move with it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# Of what is replaced, given what stood there: functions are often wrapped.
Replacement = Callable[[Any], Any]


@dataclass(frozen=True)
class Rule:
    """``told`` says in a few words what the rule does."""

    name: str
    told: str
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
            # As it stands there, not bound: a property or a method of a class is put back as such.
            held.append((owner, name, vars(owner)[name]))
            setattr(owner, name, replacement(vars(owner)[name]))
        yield
    finally:
        for owner, name, before in reversed(held):
            setattr(owner, name, before)


def _place(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    *inside, name = path.split(".")
    owner = importlib.import_module(module)
    for step in inside:
        owner = getattr(owner, step)
    return owner, name


# Where things are today.
TRIAL = "gradproof.trial"
METHOD = "gradproof.trial:Trial"
BLOCK = "gradproof.judge.block"
SEARCH = "gradproof.slopes.search"
SHAPE = "gradproof.slopes.smoothness"
SAMPLER = "gradproof.slopes.sampler"
SCREEN = "gradproof.plan.screen"


def _alone(judge: Any) -> Any:
    """Judged by the comparisons that move one block only."""

    def judged(block: Any, comparisons: Any, **known: Any) -> Any:
        own = [c for c in comparisons if c.direction.block == block.index]
        return judge(block, own, **known)

    return judged


def _without_kinks(verdict: Any) -> Any:
    def judged(low: float, high: float, bands: Any, comparisons: Any) -> Any:
        return verdict(low, high, bands, [c for c in comparisons if not c.kinked])

    return judged


def _silent(noises: Any) -> Any:
    """The same measurement of a claim's round-off, of which nothing is believed."""

    def none(subject: Any, *args: Any) -> Any:
        return [(0.0,) * len(noise) for noise in noises(subject, *args)]

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


def _no_plan(_: Any) -> Any:
    """A part of a plan that measures nothing and hands on what it was given."""

    def nothing(screen: Any, progress: Any) -> Any:
        return progress
        yield

    return nothing


def _stays(_: Any) -> Any:
    return lambda trial: trial.subject


def _at_an_edge(_: Any) -> Any:
    shapes = importlib.import_module("gradproof.records.slope").Smoothness
    none = importlib.import_module(SHAPE)._none  # noqa: SLF001 - what it says of no slope
    return lambda search, narrowest, start: none(search, shapes.NOT_FINITE)


# What comes after the verdict: it is left out, with and without a rule.
EXPLAINING = Rule("explaining", "why it is wrong, and a scan for the plot", {
    "gradproof.examine:inquire": returns({}),
    "gradproof.examine:find_lines": returns({}),
    "gradproof.examine:scan": returns(None),
})  # fmt: skip

ALL: tuple[Rule, ...] = (
    # Slopes.
    Rule(
        "witness",
        "noise is measured in a tiny window",
        {f"{SEARCH}:Search._measure_noise": _noiseless},
    ),
    Rule(
        "second witness",
        "another tiny window where the first stands alone",
        {f"{SEARCH}:Search._second_witness": returns(None)},
    ),
    Rule(
        "climb",
        "a flat first window is widened until it shows steps",
        {f"{SEARCH}:Search._climb_staircase": _flat_stays},
    ),
    Rule("merged windows", "two neighbours in one fit", {f"{SEARCH}:Search._merged": _no_windows}),
    Rule("unsettled", "the bar near |t|^p", {f"{SEARCH}:Search.unsettled": returns(0.0)}),
    Rule(
        "denied by a wide window",
        "the bar where values move in steps",
        {f"{SEARCH}:Search.denied": returns(0.0)},
    ),
    Rule(
        "kink",
        "two smooth sides",
        {f"{SEARCH}:kinked": returns(False), f"{SHAPE}:kinked": returns(False)},
    ),
    Rule("jump", "two sides apart", {f"{SHAPE}:_jumps": returns(False)}),
    Rule("edge", "the slope of the finite side", {f"{SHAPE}:_at_edge": _at_an_edge}),
    Rule("float32 inside", "told from the values", {f"{SAMPLER}:_holds_single": returns(False)}),
    Rule("steps taken", "what a float really moved by", {f"{TRIAL}:Sampler": _never_taken}),
    Rule("hints", "noise and window known from slopes before", {f"{METHOD}._hints": returns({})}),
    # Nearer, and in steps.
    Rule("nearby", "windows below the smallest of a search", {f"{TRIAL}:nearby": gives(2)}),
    Rule(
        "nearby only once",
        "it looks no more where it found nothing",
        {f"{TRIAL}:_TRIES": value(10**9)},
    ),
    Rule(
        "staircase",
        "a slope of a stepped function that denies a claim",
        {f"{METHOD}._doubt": returns(False)},
    ),
    Rule(
        "distrust narrow",
        "narrow windows known to mislead",
        {f"{METHOD}._distrust_narrow": returns(None)},
    ),
    # The claim.
    Rule(
        "reconsider",
        "round-off of the claim, before it is accused",
        {f"{METHOD}._reconsider": returns(None)},
    ),
    Rule("doubt", "the claim beside the same in float64", {f"{TRIAL}:doubt": _silent}),
    Rule("trembling", "the claim a few roundings away", {f"{TRIAL}:trembling": _silent}),
    Rule(
        "promotion",
        "fun is evaluated in float64",
        {"gradproof.subject.prepare:promote": returns(None)},
    ),
    Rule(
        "claim noise 5×",
        "its measured norm is not its largest projection",
        {f"{BLOCK}:CLAIM_NOISE": value(1.0), "gradproof.judge.compare:CLAIM_NOISE": value(1.0)},
    ),
    Rule(
        "grain",
        "round-off of small entries at the scale of their block",
        {f"{TRIAL}:grain": returns(0.0), f"{BLOCK}:ENTRY_ROUNDOFF": value(0.0)},
    ),
    Rule(
        "look around",
        "the scale of a value that is zero",
        {f"{METHOD}._look_around": returns(None)},
    ),
    # The judgement.
    Rule(
        "acquitting from joint",
        "directions through several blocks acquit",
        {f"{TRIAL}:judge": _alone},
    ),
    Rule(
        "those that agree",
        "of joint directions, only they acquit",
        {f"{BLOCK}:_acquitting": gives(0)},
    ),
    Rule("lone witness 3×", "a single gap has to be plain", {f"{BLOCK}:_LONE_WITNESS": value(1.0)}),
    Rule("same ratio", "a constant factor is told exactly", {f"{BLOCK}:_common": returns(0.0)}),
    Rule("worst entry", "a norm forgets small entries", {f"{BLOCK}:_worst_entry": returns(0.0)}),
    Rule("near", "another draw where a gap is near the band", {f"{BLOCK}:_NEAR": value(1e300)}),
    Rule(
        "within the kink",
        "right between the one-sided slopes",
        {f"{BLOCK}:_verdict": _without_kinks},
    ),
    # The plan.
    Rule(
        "small apart",
        "a direction for what is small beside the rest",
        {f"{TRIAL}:faint_parts": returns(())},
    ),
    Rule(
        "alike",
        "in a joint direction all blocks contribute alike",
        {f"{SCREEN}:_STRETCH": value(1.0)},
    ),
    Rule("sharpen", "again where it is blunt or in doubt", {f"{SCREEN}:Screen._sharpen": _no_plan}),
    Rule("sweep", "every entry of a small block in doubt", {f"{SCREEN}:Screen._sweep": _no_plan}),
    Rule(
        "spans scales",
        "entries of many scales accuse one by one only",
        {f"{SCREEN}:Screen.spans_scales": returns(False)},
    ),
    # At a kink.
    Rule("beside", "checked a little way beside it", {"gradproof.examine:_beside": _stays}),
    Rule("sweep at the kink", "ties, and every entry alone", {f"{METHOD}.sweep": returns(None)}),
    Rule("ties", "tied entries move together", {f"{METHOD}._keep_ties": returns(None)}),
    Rule(
        "denied at the kink",
        "a claim beyond all one-sided slopes",
        {f"{TRIAL}:denied": returns(False)},
    ),
    Rule(
        "excuse kinks",
        "a claim known only at a kink is not accused",
        {f"{METHOD}._excuse_kinks": returns(None)},
    ),
)

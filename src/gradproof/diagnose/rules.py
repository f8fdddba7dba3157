"""The rules of the diagnosis: one a file in this folder, and those that others register.

A rule asks of a wrong block whether one kind of fault explains it, and yields an ``Explanation``
for each that does. Its kind is one of ``Kind`` or a name of its own. A package that is installed
registers one by an entry point of its name in the group ``gradproof.rules``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..registry import Registry
from .evidence import Evidence, Explanation

Suspicion = Callable[[Evidence], Iterator[Explanation]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A suspicion, its place among the others, and whether it measures slopes of its own."""

    name: str
    place: int
    measures: bool
    suspect: Suspicion


_RULES: Registry[Rule] = Registry(__package__ or "", "gradproof.rules")


def rule(name: str, *, place: int, measures: bool = False) -> Callable[[Suspicion], Suspicion]:
    """Register a suspicion.

    Parameters
    ----------
    name : str
        What it is called; ``UsageError`` where the name is taken.
    place : int
        Simple ones first: the first that explains the measurements is what is reported. Those of
        gradproof stand 10 apart.
    measures : bool
        Whether it needs slopes beyond a few along random directions through the whole block. Those
        that do come after all others, and only while evaluations are left for it.

    """

    def registered(suspect: Suspicion) -> Suspicion:
        _RULES.add(name, Rule(name, place, measures, suspect))
        return suspect

    return registered


def rules() -> list[Rule]:
    """All that are registered, in the order in which they are asked."""
    return sorted(_RULES.all().values(), key=lambda rule: (rule.measures, rule.place))

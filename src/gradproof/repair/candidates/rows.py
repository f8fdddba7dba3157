"""Rows of the table, read: their patterns are matched with the code, and what is meant written."""

from __future__ import annotations

import ast
import math
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product as every
from typing import Any

import libcst as cst

from ..edit import Edit
from .body import Body, Expression
from .fill import ODD, Filling, Place, fillings
from .match import LITERALS, Bound, matches, rest_of
from .places import PLACES, readable
from .shapes import called, method
from .table import TABLE
from .text import close, negative, number, product, quotient, short, total, value, written

# The letters of a form that stand for something; a name after a dot is a name.
_LETTER = re.compile(r"(?<![\w.])(np|[A-Za-z])(?![\w\"'])")
_REST = re.compile(r"(, )?\.\.\.")
_JOINED = re.compile(r"a ([*/+-]) (.+)")
_OPERATION = re.compile(r"(\S+) ([*/+@-]) (\S+)")
_SIGNS = frozenset("*/+-@")
_INDICES = (cst.Index, cst.Slice)

# What the diagnosis asks for keeps so much of its cost: as a change of what is there, and as one
# that is put around a whole.
_HINTED, _HINTED_AROUND = 0.2, 0.4
# A factor that counts entries, and a conjugate where nothing is complex.
_COUNTED, _REAL = 3.0, 1.7
# A number for which there is a name.
_CALLED = 0.4


@dataclass(frozen=True)
class Row:
    """A row of the table.

    ``place`` is the sign that says where to look; ``wrong`` and ``right`` are its example.
    """

    kind: str
    place: str
    old: str
    new: str
    cost: float
    wrong: str
    right: str
    what: str

    @cached_property
    def pattern(self) -> Any:
        """The tree of what is written."""
        # Behind a keyword no more arguments stand, but more keywords do.
        old = self.old.replace(".", "a.", self.old.startswith(".")).replace("...", "**...")
        line: Any = cst.parse_statement(old)
        whole = line.body[0]
        if isinstance(whole, cst.Expr) and _is_expression(self.new):
            return whole.value
        return whole

    @cached_property
    def _literals(self) -> Sequence[str]:
        """The numbers in what is meant, but for one."""
        return [one for one in re.findall(r"(?<![\w.*])\d+", self.new) if one not in "01"]

    @cached_property
    def _scales(self) -> bool:
        """Whether it makes a product larger or smaller, whatever the rest of it is."""
        ratios = set[float]()
        for rest in (1.37, 2.71):
            numbers = dict.fromkeys(string.ascii_letters, 0.61) | {"a": rest, "n": rest}
            now, then = value(self.old, numbers, {}), value(self.new, numbers, {})
            ratios.add(round(then / now, 9) if now and then else math.nan)
        return len(ratios) == 1 and not math.isnan(*ratios)

    @property
    def states(self) -> bool:
        """Whether it is about a statement."""
        return isinstance(self.pattern, cst.BaseSmallStatement)

    def edits(self, body: Body, only: bool | None = None) -> Iterator[Edit]:
        """What it suggests for the body of a function.

        ``only``: what the diagnosis asks for, or only what it does not.
        """
        if self.old.startswith("."):
            yield from self._callees(body, only)
            return
        for place in self._places(body):
            bound: Bound = {}
            if matches(body, self.pattern, place.node, bound):
                if isinstance(place.node, cst.Call) and "a" in bound:
                    place = Place(place.node, body.shape(bound["a"]), place.cost)  # noqa: PLW2901
                for filled in fillings(body, place, self.new):
                    asked = self._asked(body, place.node, bound, filled.texts)
                    if only is None or asked is only:
                        yield self._edit(body, place, bound, filled, asked)

    def _callees(self, body: Body, only: bool | None) -> Iterator[Edit]:
        old, new = self.old[1:], self.new[1:]
        asked = {old, new} == {"sum", "mean"} and body.sized
        for call in body.of(cst.Call) if only is None or asked is only else ():
            if method(call) == old:
                end = body.inner(call.func)[1]
                cost = self.cost * (_HINTED if asked else 1)
                yield body.write((end - len(old), end), new, cost, f"{old} → {new}", call)

    def _places(self, body: Body) -> Iterator[Place]:
        if self.place:
            return PLACES[self.place](body)
        letter = self.old if len(self.old) == 1 else ""
        kinds = {"N": LITERALS, "D": (cst.Float,)}.get(letter, (type(self.pattern),))
        nodes = readable(body) if letter == "v" else body.of(*kinds)
        return (Place(node, body.shape(node)) for node in nodes)

    def _edit(self, body: Body, place: Place, bound: Bound, fill: Filling, asked: bool) -> Edit:
        node = place.node
        names = {letter: body.bare(one) for letter, one in bound.items()}
        names.update(fill.texts)
        if isinstance(node, cst.Call):
            names["f"] = called(node)
            names.setdefault("...", rest_of(body, self.pattern, node))
        if isinstance(node, cst.BinaryOperation):
            names["gap"] = body.between(node.left, node.right)
        names.setdefault("np", body.module)
        cost, text = self._cost(body, place, asked) + fill.cost, self._text(node, names)
        what = self._what(names)
        if "H" in fill.texts and not self.place and "." in text:
            cost += ODD  # a number that nothing but this point has
        if self.states:
            return body.write(body.inner(node), text, cost, what, node)
        return body.replace(node, text, cost, what)

    def _text(self, node: cst.CSTNode, names: Mapping[str, str]) -> str:
        """What is meant, with the code in the places of letters."""
        form = self.new
        if isinstance(node, LITERALS) and self.old in "ND" and not form.startswith("1 /"):
            known = value(form, {"N": number(node.value) or 0, **_numbers(names)}, {})
            if known is not None:
                return _literal(known, node)
        if isinstance(node, cst.BinaryOperation) and not self.place:
            form = _spaced(names["gap"], form)
        if "..." in names:
            rest = names["..."]
            form = _REST.sub(lambda found: f"{found.group(1) or ''}{rest}" if rest else "", form)
        if "f" in names:
            form = form.replace(".f(", f".{names['f']}(")
        if self.place and (joined := _JOINED.fullmatch(form)):
            sign, other = joined.groups()
            other = _filled(other, names)
            with_sign = {"*": product, "/": quotient, "+": total}.get(sign)
            other = other if with_sign else negative(other)
            return (with_sign or total)(names["a"], other)
        if form in {"-a", "-b"}:
            return negative(names[form[1]])
        if self.states:
            return _LETTER.sub(lambda found: names.get(found.group(), found.group()), form)
        return _filled(form, names).replace(".T.T", "")

    def _what(self, names: Mapping[str, str]) -> str | None:
        """What a person reads; None where both texts will do."""
        reported = self.what
        if not reported and self.place in {"@", "="} and (joined := _JOINED.fullmatch(self.new)):
            sign, other = joined.groups()
            other = short(_filled(other, names))
            whole = short(names["a"])
            return {
                "*": f"multiply {whole} by {other}",
                "/": f"divide {whole} by {other}",
                "+": f"add the term {other}",
                "-": f"subtract the term {other}",
            }[sign]
        if not reported:
            return None
        return re.sub(r"\{(\w)\}", lambda found: short(names.get(found.group(1), "")), reported)

    def _cost(self, body: Body, place: Place, asked: bool) -> float:
        """What it costs here: less where the diagnosis asks for it."""
        cost = self.cost + place.cost
        if "conj()" in self.new and not body.complex:
            cost += _REAL
        known = body.scope.values.values() if self.place and self._literals else ()
        if any(close(number(one), two) for one in self._literals for two in known):
            cost += _CALLED
        if asked:
            return cost * (_HINTED_AROUND if self.place else _HINTED)
        if self.kind in {"factor", "constant"} and not self.place and _counts(body, place.node):
            return max(cost, _COUNTED)
        if self.old == "N" and self.new == "S" and body.code(place.node) in {"0", "1", "2"}:
            return cost + 0.8
        return cost

    def _asked(
        self, body: Body, node: cst.CSTNode, bound: Bound, filled: Mapping[str, str]
    ) -> bool:
        """Whether the gradient becomes so many times larger as the diagnosis asks for."""
        if body.hints.terms and self.kind == "sign" and self.old in {"a + b", "a - b"}:
            return True
        if "H" in filled and self.place:
            return True
        if not body.hints.factors or self.place in {"(", "*"}:
            return False
        if not self._scales:
            return self._counted(body, node, bound, filled)
        numbers = {
            letter: known if (known := body.value(one)) is not None else 1.3717 + 0.61 * k
            for k, (letter, one) in enumerate(bound.items())
        }
        for letter, text in filled.items():
            known = body.scope.value(text)
            if known is not None:
                numbers[letter] = known
        now, then = value(self.old, numbers, {}), value(self.new, numbers, {})
        if not now or not then:
            return False
        divides = body.is_divisor(node)
        return body.asked(now / then if divides else then / now) and (
            divides is not None or self.old not in {"N", "D", "-N"}
        )

    def _counted(
        self, body: Body, node: cst.CSTNode, bound: Bound, filled: Mapping[str, str]
    ) -> bool:
        """The same of a number that a name, or a sum of such, came to."""
        now, divides = (None, None) if self.place else (body.value(node), body.is_divisor(node))
        if not now or divides is None:
            return False
        names = {"gap": " "} | {letter: body.bare(one) for letter, one in bound.items()}
        then = body.scope.value(self._text(node, {**names, **filled}))
        return then is not None and then != 0 and body.asked(now / then if divides else then / now)


def _counts(body: Body, node: cst.CSTNode) -> bool:
    """Whether an expression counts entries."""
    around = (one for one in body.around(node) if not isinstance(one, Expression))
    return isinstance(next(around, None), _INDICES)


def _spaced(gap: str, form: str) -> str:
    """A form of two operands with the blanks, or the new line, that the user has between them."""
    found = _OPERATION.fullmatch(form)
    sign = gap.strip()
    if found is None or sign not in _SIGNS:
        return form
    one, new, other = found.groups()
    return f"{one}{gap.replace(sign, new, 1)}{other}"


def _is_expression(form: str) -> bool:
    try:
        ast.parse(form.lstrip(".").replace("...", "**..."), mode="eval")
    except SyntaxError:
        return False
    return True


def _filled(form: str, names: Mapping[str, str]) -> str:
    """A form with the code in the places of its letters, in parentheses where it needs them."""
    letters = [found for found in _LETTER.findall(form) if found in names]
    marked = _LETTER.sub(lambda found: "{}" if found.group() in names else found.group(), form)
    return written(marked, *(names[letter] for letter in letters))


def _numbers(names: Mapping[str, str]) -> dict[str, float]:
    known = {letter: value(text, {}, {}) for letter, text in names.items()}
    return {letter: one for letter, one in known.items() if one is not None}


def _literal(known: float, node: Any) -> str:
    """A number, written as an integer where it is one and the user wrote one."""
    whole = known == int(known) and (isinstance(node, cst.Integer) or known in (0, 1))
    return str(int(known)) if whole else f"{known:.15g}"


def _read(kind: str, line: str) -> Iterator[Row]:
    """The rows of a line of the table."""
    change, cost, example, *what = line.split(" | ")
    wrong, right = example.replace("⏎", "\n").split(" → ")
    old, sign, new = re.split(" ([→↔]) ", change)
    pairs = [(old, new), (new, old)] if sign == "↔" else [(old, new)]
    for before, after in pairs:
        place = before[0] if before[:1] in PLACES and before[1:2] == " " else ""
        found = re.search(r"\{([^}]*)\}", before)
        for one, other in every(found.group(1).split() if found else [""], after.split(" ; ")):
            form = before[2:] if place else before
            form = form.replace(found.group(), one) if found else form
            reported = (wrong, right, what[0] if what else "")
            if form != other.replace("{}", one):
                yield Row(kind, place, form, other.replace("{}", one), float(cost), *reported)


def rows() -> Sequence[Row]:
    """All rows of the table."""
    return [
        row
        for kind, lines in TABLE.items()
        for line in lines.strip().split("\n")
        for row in _read(kind, line)
    ]

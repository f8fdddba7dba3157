"""Expressions as text: which parentheses one needs in a place, and what it came to in a run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any
from warnings import catch_warnings

from ...judge.thresholds import T
from ..hints import Shape

_HELD_TOGETHER = (ast.Name, ast.Call, ast.Attribute, ast.Subscript)

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.Pow: operator.pow,
}  # fmt: skip


@lru_cache(maxsize=2048)  # trees are large, and every fork pays for them
def _parsed(text: str) -> ast.expr | None:
    """The syntax tree; None for what is no expression by itself."""
    with suppress(SyntaxError, ValueError), catch_warnings(action="ignore"):
        return ast.parse(text, mode="eval").body
    return None


def fitted(part: str, before: str = "", after: str = "") -> str:
    """A part that stands between two texts, in parentheses where it would be torn without.

    What binds more tightly may tear it, or the end of a line.
    """
    whole = isinstance(_parsed(part), _HELD_TOGETHER) or _is_whole(part, before, after)
    return part if whole else f"({part})"


@lru_cache(maxsize=65536)
def _is_whole(part: str, before: str, after: str) -> bool:
    """Whether Python reads an expression from just where a part begins to just where it ends."""
    node, around = _parsed(part), _parsed(f"({before}{part}{after}\n)")
    if node is None or around is None:
        return False
    rows, columns = before.count("\n"), len(f"({before}".rpartition("\n")[2].encode())
    begin = rows + node.lineno, columns * (node.lineno == 1) + node.col_offset
    last, end = node.end_lineno or 1, node.end_col_offset or 0
    span = *begin, rows + last, columns * (last == 1) + end
    return any(
        (one.lineno, one.col_offset, one.end_lineno, one.end_col_offset) == span
        for one in ast.walk(around)
        if isinstance(one, ast.expr)
    )


def written(form: str, *parts: str) -> str:
    """The parts in the places ``{}`` of a form, each in parentheses where it needs them."""
    gaps = form.split("{}")
    text = gaps[0]
    for k, (part, gap) in enumerate(zip(parts, gaps[1:], strict=True), 1):
        text += fitted(part, "_".join(gaps[:k]), "_".join(gaps[k:])) + gap
    return text


def stands(form: str, text: str) -> bool:
    """Whether an expression needs no parentheses in the place of a form."""
    return written(form, text) == form.replace("{}", text)


def _is_product(text: str) -> bool:
    return stands("{} @ _", text) and not stands("_ @ {}", text)


def product(one: str, other: str) -> str:
    """``one * other``; a number comes first, and of ``1 / m`` there remains a division."""
    divisor = reciprocal(other)
    if divisor is not None:
        return quotient(one, divisor)
    if other == "-1":
        return negative(one)
    if number(other) is not None and not _is_product(one):
        one, other = other, one
    return written("{} * {}", one, other)


def quotient(one: str, other: str) -> str:
    """``one / other``."""
    return written("{} / {}", one, other)


def total(one: str, other: str) -> str:
    """``one + other``, or ``one - other`` where there is a minus in front of the other."""
    if other.startswith("-") and stands("{} @ _", other):
        return written("{} - {}", one, other[1:].lstrip())
    return written("{} + {}", one, other)


def negative(one: str) -> str:
    """The expression with a minus, or without the one that it has."""
    # The minus of `-a @ b` binds more than the product; it is the same minus.
    if one.startswith("-") and stands("{} @ _", one):
        return one[1:].lstrip()
    if _is_product(one) and not {"//", "%"} & set(one.split()):
        return f"-{one}"
    return written("-{}", one)


def turned(text: str) -> str:
    """A matrix transposed, without two transposes that cancel."""
    return text.removesuffix(".T") if text.endswith(".T") else written("{}.T", text)


def reciprocal(text: str) -> str | None:
    """The ``m`` of ``1 / m``."""
    for one in ("1 / ", "1.0 / ", "1/", "1.0/"):
        if text.startswith(one) and stands("_ / {}", text[len(one) :]):
            return text[len(one) :]
    return None


def number(text: str) -> int | float | None:
    """The value of a number literal, with or without a minus."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """An expression as Python itself would write it, so that two spellings are one key."""
    node = _parsed(text)
    return text if node is None else ast.unparse(node)


@lru_cache(maxsize=4096)
def loaded(text: str) -> frozenset[str]:
    """The names that an expression reads."""
    below = ast.walk(_parsed(text) or ast.Pass())
    return frozenset(node.id for node in below if isinstance(node, ast.Name))


def short(text: str, most: int = 48) -> str:
    """A piece of code on one line, its middle left out where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most // 2 - 1]} … {line[1 - most // 2 :]}"


def value(text: str, numbers: Mapping[str, float], shapes: Mapping[str, Shape]) -> float | None:
    """The number that an expression came to in the run; None where nobody knows."""
    try:
        found = _value(_parsed(text), numbers, shapes)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return found if isinstance(found, int | float) else None


def close(one: float | None, other: float | None) -> bool:
    """Whether two numbers are known, and the same."""
    if one is None or other is None:
        return False
    return abs(one - other) <= T.same_result * max(abs(one), abs(other))


def _value(node: ast.expr | None, numbers: Mapping[str, float], shapes: Mapping[str, Shape]) -> Any:
    """The same of a syntax tree; ``LookupError`` where nobody knows."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, numbers, shapes)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = (_value(side, numbers, shapes) for side in (left, right))
            return _OPERATORS[type(op)](one, other)
        case ast.Call(func=ast.Name(id="len"), args=[held]):
            return float(shapes[ast.unparse(held)][0])
        case ast.Subscript(value=ast.Attribute(value=held, attr="shape"), slice=index):
            return float(shapes[ast.unparse(held)][int(_value(index, {}, {}))])
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return numbers[ast.unparse(node)]
    raise LookupError

"""One explained fault, or one fact that the reader of a verdict must know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a finding is about."""

    SCALE = "scale"
    SIGN = "sign"
    ROW_SCALE = "row-scale"
    COLUMN_SCALE = "column-scale"
    TRANSPOSE = "transpose"
    FLIP = "flip"
    PERMUTATION = "permutation"
    OTHER_BLOCK = "other-block"
    PARAMETER_TERM = "parameter-term"
    ZERO = "zero"
    MISSING_ACCUMULATION = "missing-accumulation"
    TERM = "term"
    ENTRY_FACTOR = "entry-factor"
    ACTIVATION = "activation"
    DIAGONAL = "diagonal"
    BLOCK_SUM = "block-sum"
    EXCHANGED = "exchanged"
    COMPLEMENT = "complement"
    SUBSET = "subset"
    OTHER_TENSOR = "other-tensor"
    OTHER_OUTPUT = "other-output"
    UPSTREAM = "upstream"
    CONSTANT = "constant"
    MISSING_PATH = "missing-path"
    HELD_FIXED = "held-fixed"
    TRUNCATED = "truncated"
    BRANCH = "branch"
    LOW_PRECISION = "low-precision"
    LOG_PARAMETER = "log-parameter"
    SYMMETRIC_CONVENTION = "symmetric-convention"
    CONJUGATE = "conjugate"
    TRIANGLE = "triangle"
    PARAMETRISATION = "parametrisation"
    OUTER_PRODUCT = "outer-product"
    INVERSE = "inverse"
    SPARSITY = "sparsity"
    EXPECTED = "expected-information"
    GAUSS_NEWTON = "gauss-newton"
    ASYMMETRIC = "asymmetric"
    SECOND_ORDER = "second-order"
    NOT_SOLVED = "not-solved"
    NOT_TANGENT = "not-tangent"
    IMPLICIT = "implicit"
    ENTRIES = "entries"
    NOT_FINITE = "not-finite"
    SHAPE = "shape"
    KINK = "kink"
    SPECIAL_POINT = "special-point"
    NONDETERMINISTIC = "nondeterministic"
    STATEFUL = "stateful"
    MUTATION = "mutation"
    NOT_LINEAR = "not-linear"
    LAYOUT = "layout"
    MODES = "modes"
    MISSING_BLOCK = "missing-block"
    OPERATION = "operation"
    CUT = "cut"
    SURROGATE = "surrogate"
    HANDED_ON = "handed-on"
    MEMORY_LAYOUT = "memory-layout"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A statement of the user's source: where it stands, and its text."""

    file: str
    number: int
    end_number: int
    text: str
    function: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind, the block it concerns (None for the whole) and the sentence a person reads.

    The kind is one of ``Kind``, or the name that a rule of somebody else's has for it.
    ``entries`` are the index tuples at fault, where single entries are, else None; ``factor``
    ± ``factor_bar`` is the figure that belongs to the kind; ``explained`` the share of the
    discrepancy that the finding accounts for; ``line`` the statement that computed the block's
    gradient, where it was found for sure. Where there are too many ``entries`` to list, ``grid``
    has the share at fault in each cell of the block, the last axis across and all others down.
    """

    kind: Kind | str
    block: str | None
    message: str
    entries: tuple[tuple[int, ...], ...] | None = None
    factor: float | None = None
    factor_bar: float | None = None
    explained: float | None = None
    line: SourceLine | None = None
    grid: tuple[tuple[float, ...], ...] | None = None

"""Every number that decides: what is called correct or wrong, and what counts as known.

Windows and steps have numerics of their own (``slopes/``), budgets stand in ``plan/effort.py``;
whatever turns measurements into a verdict or an explanation stands here, with its reason and the
test or family of specimens that breaks when it is moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers of the judge; a relative one is relative to what its comment names."""

    # The probability behind every interval and every resolution (tests/test_power.py).
    confidence: float = 0.99

    # Claim and slope

    # A bar this share of the correct band along two directions lets nothing above the band hide:
    # ``largest_within((0.06, 0.06), 0.01) < 1`` (tests/judge/test_block.py).
    sharp: float = 0.06
    # Where kinks lie in all windows that allow that, a bar so many times as wide will do: less than
    # a tenth of what is wrong can hide (tests/engine/test_four.py).
    blunt: float = 8.0
    # A disagreement known to a thousandth needs no sharper slope; to find out what it is, more
    # (tests/engine/test_explain.py: factors to nine digits).
    known: float = 1e-3
    known_well: float = 1e-7
    # The norm of a claim's round-off is measured; along one direction it may be a few times larger
    # (family "float32" of the trial).
    claim_noise: float = 5.0
    # A single entry may be off by this many roundings at the scale of its whole block
    # (tests/engine/test_small.py; "sizes" of the trial).
    entry_roundoff: float = 1e4
    # Such a share of its natural scale is round-off of a claim: 3 roundings were enough in 132
    # right ones (family "optima"), and what is coarser than double precision is measured.
    roundoff: float = 100 * 2.0**-52
    # Two claims along one direction are the same to this share of their gaps
    # (tests/api/test_products.py: both modes from one rule).
    same_claim: float = 0.1

    # Claim and window, where windows disagree with each other

    # A wide window knows the slope to this share, of the gap and of itself, before it speaks
    # against a narrow one (family "stepped"). Nor may what a gradient becomes farther away than its
    # block is large hide more of it (family "small": rounded inside).
    tells: float = 0.1
    # Where the slope of wide steps is so much nearer to the claim than to the slope between two
    # jumps, the jumps may be roundings of what is claimed (tests/engine/test_quantisation.py).
    nearer: float = 0.5
    # Values that scatter by such a share of themselves may be waves whose slope is claimed (family
    # "detail": times in seconds).
    rough: float = 1e-3
    # A bar is that of shape, and not of noise, from so many times the noise over the window's width
    # on: ten standard errors of six times the noise (tests/slopes/test_below.py: waves).
    shape: float = 60.0
    # A flat window tells only where so many roundings of the value would have shown as a step.
    roundings_seen: float = 4.0
    # Values that are rounded to a step scatter by a part of it, and bars are ten times that: what
    # changes them by less is not proven (slopes/window.py: BAR; family "rounded").
    rounded_to: float = 10.0 / 12**0.5
    # Steps that are noise are no coarser than those of bfloat16 (family "stepped": floor).
    coarsest: float = 2.0**-7

    # Blocks

    # Ratios along several directions that agree this well are one and the same ratio
    # (diagnosis: constant factors).
    same_ratio: float = 0.01
    # A gap beyond its bar, and so near to the band, may be a larger one that two draws nearly
    # missed (tests/test_power.py).
    near: float = 0.1
    # Bars are ten standard errors from four degrees of freedom: one slope in 1,700 is beyond its
    # bar by chance, one in 140,000 beyond three. A gap that stands alone has to be that plain
    # (tests/test_statistics.py).
    single_observation: float = 3.0
    # Errors of one claim over so many blocks are more likely one that was handed on
    # (networks of tests/test_power.py).
    handed_on: int = 4
    # From so many blocks on it is said which of them to look at first: a hint, and no verdict.
    look_first: int = 2

    # A step of a block's own size says nothing of an entry so many times smaller ("sizes").
    spans: float = 1e6
    # Blocks of smaller numbers are moved further where their own size shows no gradient (family
    # "small"), but where the value bends so many times more than it slopes: at an optimum.
    tiny: float = 1e-3
    bends_more: float = 10.0
    # Such a share of what a gradient becomes farther away is none (a square at 1e-300).
    underflow: float = 2.0**-104
    # Nor any further than the chord is what it is at that size, to such a share (tanh(1e8 x)).
    alike: float = 0.5
    # What changes by so many times more than numbers of size 1 are rounded by is not hidden by that
    # (family "rounded inside").
    hides_no_more: float = 1e6
    # Steps of such a share of what a block of size 1 changes are roundings ("rounded inside").
    hidden_share: float = 2.0**-36

    # Two passes of one backward may add up in another order, as threads and atomics do: so many
    # roundings of the largest entry; what draws random numbers is further off
    # (tests/test_torch_arguments.py).
    same_pass: float = 64.0

    # Operations

    # The cotangents of an operation are rounded: so many times the sum of the magnitudes of their
    # products with what they belong to may appear in its balance. Without it 1 of 128 right calls
    # was rejected, at -3.0e-15 of a size of 4.8e-3 (tests/operations).
    cotangents: float = 500.0
    # A forward moves in steps where a tiny step changes no more of its entries: of a million
    # numbers that are rounded a few are next to a jump (tests/operations/test_surrogates.py).
    stepped_share: float = 0.01

    # Hessians

    # A row of a Hessian is read at its own size, but not below this share of the largest: there
    # it may be nothing but round-off of the others (tests/engine/test_second.py).
    small_row: float = 1e-6
    # Entries of a matrix and of its transpose are the same within so many roundings at the size
    # of their rows: sums in another order (tests/judge/test_second.py).
    symmetric_roundoff: float = 1e3

    # Solutions

    # A solution whose residual is such a share of what it becomes when x moves by its size is one
    # to a tolerance; beyond, it solves something else, or nothing (tests/api/test_implicit.py).
    solution: float = 1e-3
    # A smaller one is not worth a word.
    solution_well: float = 1e-7
    # A derivative at a solution that is good to a share of itself is good to some times that
    # (tests/api/test_implicit.py: solutions that are rounded).
    solution_reach: float = 100.0

    # Manifolds

    # A retraction leaves the point where it is, and moves it by a small vector, to this share: a
    # difference with steps of 1e-5 is good to 1e-10 (tests/api/test_tangent.py).
    retracts: float = 1e-6
    # One of second order does not bend within the manifold: the same steps show this to 1e-6, and
    # the QR factor bends by 0.1 and more (tests/api/test_tangent.py).
    bends_inside: float = 1e-3

    # The point

    # At a kink the gradient is checked so many block scales beside it: many windows away, yet the
    # same neighbourhood (docs/how-to/kinks.md).
    beside: float = 0.01
    # At a kink a claim has to lie among those just beside it (judge/hull.py).
    # What one shift's half changes bounds, so many times, what curvature adds; such a share of a
    # functional's own size counts as nothing; and an excess or a spread of so many of both is
    # plain (benchmarks/trial/specimens/rectified.py).
    bends: float = 4.0
    nothing: float = 1e-6
    plain: float = 10.0
    # Beyond the claims beside it, in halves of their spread: where they take two values, one kink,
    # the hull is exact. Behind several kinks a legal backward may leave it: 155 were seen where
    # relu'(0) is 1 in stacked layers.
    beyond_two: float = 1e-3
    beyond_few: float = 3.0
    beyond_many: float = 1000.0
    few_values: int = 4
    # An end of few values is known where such a share of the claims is at it.
    at_an_end: float = 0.1
    # An excess of such a share of half the spread is a doubt.
    doubt: float = 0.1
    # At a kink, a claim so many times larger than any one-sided slope of its block is no choice
    # (tests/engine/test_ties.py).
    beyond_excuse: float = 3.0
    # Values in two precisions are the same within so many roundings, but never beyond the share
    # (tests/judge/test_bands.py).
    same_value: float = 1e4
    same_at_most: float = 0.1
    # A layer's products with its gradients are the same in two passes, or in two precisions, to
    # this share of what is added up in them (tests/layers: dropout without a seed, float32).
    same_products: float = 1e-3
    # Gradients add up where a second backward adds the same again, entry by entry: to a share of
    # it, or of the largest (tests/layers: styles with +=, in float32 as well).
    grown: float = 1e-4
    grown_least: float = 1e-6

    # Half precision: types with a spacing of 1.0 wider than this are judged by what their code can
    # reach. So many roundings are nothing, beside one for each operation that was recorded: right
    # modules lose up to 7 with 15 operations, and 3 % are 8 (tests/subject/test_roundings.py).
    half: float = 1e-4
    roundings_free: float = 3.0
    # Beyond so many the same code in float64 is off by itself, even if some casts to half precision
    # inside are left there.
    roundings_inside: float = 4.0
    # A sum of terms of one sign loses no more than all of it.
    lost: float = 1.2

    # Rejections that something else explains (tests/engine/test_rulings.py). Gaps up to this share
    # of a gradient may be round-off of the claim, which is right where it is known to the other.
    small_gap: float = 0.1
    round_off_known: float = 1e-3
    # More than half of it is no round-off, which is the same in two windows to such a factor.
    round_off_at_most: float = 0.5
    same_scatter: float = 4.0
    # The mean of a random claim is off beyond so many standard errors (Student's t: one in 1,000
    # over 8 seeds, fewer over 32); by less than such a share it is not wrong for that alone.
    mean_off: tuple[float, float] = (5.4, 4.0)
    plainly_off: float = 1e-3
    # It has to be known to such a share before it speaks against what was proven under one seed.
    mean_known: float = 0.2
    # A gradient is off by so many times the tolerance of a solver, and by no factor of 2.
    solved: float = 30.0
    solved_at_most: float = 0.1
    # With a tolerance cut a hundredfold the error of a solver shrinks by ten at least, and an error
    # of the gradient by no half (tests/engine/test_further.py).
    solver_shrinks: float = 0.1
    gradient_stays: float = 0.5

    # Noise of such shares of a value is that of float32 inside, added up well or badly
    # (tests/judge/test_verdict.py).
    single: tuple[float, float] = (1e-9, 1e-5)

    # Hunts

    # A claim that is off by such a share of an ordinary gradient has lost what roundings of its
    # terms take: at -50 a sigmoid by way of tanh is 0 and not 2e-22; two rows that are normalised
    # have a gradient that is next to nothing, and 1e-14 of it is round-off (tests/hunt).
    negligible: float = 1e4 * 2.0**-52
    # Claims that grow by so much at each step nearer to a point belong to a pole, beside which no
    # step is small enough: matrices of condition 1e17 (tests/hunt/test_right.py).
    to_a_pole: float = 10.0

    # Explanations

    # Residuals of a right explanation stay within a few bars, or are round-off of the fit.
    residual_bars: float = 3.0
    residual_rounding: float = 1e-9
    # It accounts for this share of the gap, or the bars are too wide to say anything.
    explained: float = 0.9
    # A factor is recognised as a number when it is this close, relatively, beyond its own bar.
    same_number: float = 1e-6
    # A ratio that is known well is known to this share of itself.
    ratio_known: float = 1e-3
    # A ramp's ratio is an index only where its error is well below the distance of two indices.
    digit: float = 0.1
    # A slope known less well than this share of its gap was not meant to say what the fault is.
    gap_known: float = 1e-6
    # What holds for so many of the entries, and the others are too small to see, holds for all.
    most_entries: float = 0.5
    # A factor so near to 1 is described by how far it is from it.
    slight: float = 1e-4
    # A factor so near to 1 may be a constant with fewer digits, or an approximation
    # (tests/engine/test_inner.py: 23.02 for 23.0599).
    approximate: float = 0.01
    # A number with few digits, or a fraction, is recognised where it is known to this share; less
    # well known, many numbers would do (tests/judge/test_explain.py).
    plainly_known: float = 1e-5
    # With one small step a share is known to this much of itself, to be measured again if plain
    # (tests/engine/test_held.py).
    glanced: float = 1e-3
    # A mask with fewer entries is the same as another one by chance (docs/tutorial.md: two units).
    telling_mask: int = 10
    # A claim follows a value on the way linearly to this share of what it is; beyond that an edit
    # of the value is tried out (tests/diagnose/test_inner.py).
    linear: float = 1e-9
    # With a value exchanged the gradient of a block is another one only beyond so many roundings of
    # the largest entry there is: that of a bias before a batch normalisation is round-off of zero
    # (tests/engine/test_inner.py).
    followed: float = 64.0
    # Low precision (tests/diagnose/test_precision.py): so many different values at least that are
    # multiples of one step, none above so many steps, each to this share, were rounded to it; the
    # rounding of what was rounded leads this far beyond half a step.
    rounded_values: int = 3
    multiples: float = 1e5
    exact_multiple: float = 1e-12
    rounded_twice: float = 2.0
    # Bits that are zero by accident: so many, over all different numbers, are no accident.
    zero_bits: int = 58
    # What a plain factor leaves of a gap is a rest of its own, such as that of a solver's tolerance
    # (tests/diagnose/test_scale.py).
    small_rest: float = 1e-3
    # To say that nothing simple explains a fault may cost so many evaluations
    # (tests/engine/test_explain.py).
    unexplained: int = 60
    # So many slopes have to disagree plainly with the claim before anything can be explained.
    plain_gaps: int = 2

    # Repairs

    # A coefficient is measured less well than a factor: a name that held it to this share of it
    # is tried in its place (tests/repair/test_hints.py).
    same_coefficient: float = 1e-3
    # Numbers that expressions of the code came to are the same up to a few roundings of float64
    # (tests/repair/test_text.py).
    same_result: float = 1e-9
    # A block is as wrong as before where a gap is so many times what it may be: a candidate that
    # corrects a part of it comes nearer (tests/repair/test_validation.py).
    as_wrong: float = 10.0
    # Gradients that agree to so many digits of their block's norm are one gradient, computed in
    # another order (tests/repair/test_validation.py).
    same_digits: int = 9
    # Values of ``fun`` that an edit leaves alone come back within such a share of the largest:
    # the same additions in another order (tests/repair/test_validation.py).
    same_fun: float = 1e-12
    # A repair whose relative error is below this is exact. Above, it is so only where no other
    # one is so many times nearer: a digit more in a rounded gradient may bring it below any
    # threshold (tests/repair/test_search.py).
    exact_repair: float = 1e-9
    nearer_repair: float = 10.0
    # Where no edit makes a gradient right, one is offered with the rest that it leaves: the
    # relative error of a solver's tolerance, far below that of a slip (tests/repair/test_rest.py).
    rest_of_repair: float = 1e-3


T = Thresholds()

# The bands for each precision of the claim, ``(correct_below, wrong_above)``: in double precision
# the classic ones of gradient checking; a lower one carries round-off of its own.
BANDS = MappingProxyType({
    "float64": (1e-7, 1e-5),
    "float32": (1e-5, 1e-3),
    "float16": (1e-2, 1e-1),
    "bfloat16": (5e-2, 3e-1),
})  # fmt: skip

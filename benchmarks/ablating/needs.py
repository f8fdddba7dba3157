"""Specimens that need a rule: up to three of each, for a test; `ablation.py --names` lists all.

Rules of what is ``TESTED`` decide what ``gp.slope`` says, what chance may do or what a check costs,
which no single verdict shows: they are needed by tests. Of those in ``UNKNOWN`` nothing is known.
"""

from __future__ import annotations

UNKNOWN = frozenset({"spans scales"})  # it may only shrink

TESTED: dict[str, str] = {
    "treads": "tests/slopes/test_below.py"
    "::test_low_precision_beside_a_smooth_term_is_not_taken_for_detail",
    "waves": "tests/slopes/test_below.py::test_waves_just_above_the_round_off_are_not_averaged",
    "round-off": "tests/judge/test_verdict.py::test_a_flat_function_is_flat_whatever_the_draws",
    "four points": "tests/test_overhead.py::test_a_right_check_of_four_blocks_is_short_and_shallow",
    "jump": "tests/slopes/test_smoothness.py::test_a_jump_is_a_jump",
    "float32 inside": "tests/slopes/test_measure.py::test_low_precision_inside_and_float64_outside",
    "single observation 3×": "tests/judge/test_verdict.py"
    "::test_chance_does_not_reject_a_sweep_of_many_right_entries",
}

NEEDS: dict[str, tuple[str, ...]] = {
    "special points": (
        "an adjoint with the factors exchanged at constant 2, wrong",
        "a determinant without its transpose at identity, wrong",
        "a square with the factor twice at zero, wrong",
    ),
    "pilot window": (
        "adjoint in float32, right",
        "(1e8 + x) - 1e8, right",
        "variance as mean of squares minus square of mean, right",
    ),
    "climb": (
        "3 arguments rounded to bfloat16, draw 1, sign",
        "3 arguments rounded to bfloat16, draw 3, sign",
        "2 arguments rounded to bfloat16, draw 9, sign",
    ),
    "merged windows": (
        "exp in float32 inside float64, right",
        "64 arguments rounded to bfloat16, draw 1, sign",
    ),
    "unsettled": (
        "t + sign(t) |t|^1.1 at 0, right",
        "t + 0.01 sign(t) |t|^1.1 at 0, right",
        "sines and sign(t) |t|^1.35, one of four at 0, right",
    ),
    "kink": (
        "relu at 0, 1, right",
        "relu at 0, 1, claimed 0.5, right",
        "relu at 0, 1, claimed 1, right",
    ),
    "edge": (
        "the square of a root and a sine at 0, right",
        "the fourth power of a root at 1, right",
        "a cosine by its arc at 1, right",
    ),
    "hints": (
        "float32 sum of 100,000 squares, never promoted, right",
        "a network of float32 parameters, never promoted, right",
        "a block of 1e-9 of the other, right",
    ),
    "detail below": (
        "a frequency of 1e9 Hz, right",
        "an offset of zero, waves of 1e-9, right",
    ),
    "quantisation": ("3 arguments rounded to bfloat16, draw 0, right",),
    "known noise": (
        "variance around 10, right",
        "variance around 100, right",
        "cross-entropy of float32 at a margin of 9, right",
    ),
    "promotion": (
        "float32 1e4 sum(a) + sum(sin b), right",
        "float32 1000 + sin x, right",
        "1,000,000 parameters of float32, right",
    ),
    "claim noise 5×": (
        "cross-entropy of float32 at a margin of 12, right",
        "cross-entropy of float32 at a margin of 11, right",
    ),
    "bend": (
        "x**3 at 0, 1, right",
        "x**3 at 0, 4, right",
        "x|x| at 0, 1, right",
    ),
    "support from joint": (
        "60 blocks, right",
        "120 blocks, right",
        "400 blocks, right",
    ),
    "worst entry": (
        "one slope of 1 among 1e9, one entry flipped",
        "entries of 1e-7 of the others, sign of those",
        "entries of 1e-9 of the others, sign of those",
    ),
    "near": (
        "network, 2e-07 in one entry of W2",
        "network, 3e-07 in one row of W2",
        "convolution, 3e-07 in one entry of K",
    ),
    "within the kink": ("lasso of 40, 0.3 of them 0, 0 taken at the kink, right, as arrays",),
    "small apart": (
        "one slope of 1 among 1e9, one entry flipped",
        "a steep block and a flat one, zero in flat",
        "entries of 1e-7 of the others, sign of those",
    ),
    "sharpen": (
        "1e+08 + sin of 50, right",
        "float32 sum of 100,000 squares, never promoted, right",
        "a network of float32 parameters, never promoted, right",
    ),
    "sweep": (
        "arctanh, 3e-9 from its end, right",
        "relu, 3e-10 from its end, right",
        "a resonance of width 1e-10, right",
    ),
    "beside": (
        "weighted relu at 0, 0 claimed there, sign",
        "weighted relu at 0, 0.5 claimed there, sign",
        "weighted relu at 0, 1 claimed there, sign",
    ),
    "claims beside": (
        "the larger of two blocks, weights, to the first, to both",
        "relu, a first layer of zeros, 0 taken at the kink, zero there",
        "the largest of 20 equal ones, to the first, to all",
    ),
    "hidden kinks": (
        "median of 3, 2 levels, first, right",
        "median of 5, 3 levels, evenly, right",
        "second largest of 3, 3 levels, first, right",
    ),
    "structured shifts": (
        "relu, a first layer of zeros, 0 taken at the kink, right",
        "abs, one unit off, 0 taken at the kink, right",
        "clip, a first layer of zeros, 0 taken at the kink, right",
    ),
    "balanced shifts": (
        "relu, a feature of 800, one unit off, 0 taken at the kink, right",
        "abs, a feature of 10000, half of the units off, 0 taken at the kink, right",
        "clip, a feature of 800, one unit off, 0 taken at the kink, right",
    ),
    "shifts on demand": (
        "norms of 1 rows of 2, 1 along the first axis, right",
        "norms of 1 rows of 5, 1 along the first axis, right",
        "norms of 4 rows of 2, 1 along the first axis, right",
    ),
    "exempt ties": (
        "the largest of 20 equal ones, to all, evenly, right",
        "the largest of 60 equal ones, to all, evenly, right",
        "the largest of 200 equal ones, to all, evenly, right",
    ),
    "many values": (
        "relu, a feature of 10000, one unit off, 0 taken at the kink, right",
        "relu, a feature of 800, half of the units off, 0 taken at the kink, right",
        "clip, a feature of 800, half of the units off, 0 taken at the kink, right",
    ),
    "curvature": (
        "abs, a second layer of zeros, 0.5 taken at the kink, 1 % more there",
        "relu, a feature of 800, one unit off, 0.5 taken at the kink, 1 % more there",
        (
            "leaky relu, a feature of 10000, half of the units off, 0.5 taken at the "
            "kink, 1 % more there"
        ),
    ),
    "ties": (
        "largest of two that are equal, sign, as arrays",
        "max pooling with ties, to the first, to all that are tied, as arrays",
        "the largest of each row, two rows, to the first, to all, as arrays",
    ),
    "beyond choice": (
        "norm at 0, claimed 7, as arrays",
        "rectifiers of slope 1 and 0.75 at 0, both chosen, times 10",
        "rectifiers of slope 1 and 2 at 0, both chosen, times 10",
    ),
    "exempt kinks": (
        "rectifiers of slope 1 and 0.75 at 0, both chosen, right",
        "rectifiers of slope 1 and 2 at 0, both chosen, right",
        "rectifiers of slope 1 and 3 at 0, both chosen, right",
    ),
    "alike": (
        "regression, 2e-07 in one row of w",
        "regression, 2e-07 in one entry of w",
        "attention, 5e-07 in one row of Wk",
    ),
    "same ratio": (
        "network, 1.2e-07 in W2",
        "regression, 1.2e-07 in w",
    ),
    "steps taken": (
        "a phase at 2.02e7 m, waves of 0.05 m, right",
        "a phase at 6.4e6 m, waves of 0.01 m, right",
        "a phase at 3.84e8 m, waves of 1 m, right",
    ),
    "reach": (
        "a low-rank change of 1e-7, sign in B",
        "a low-rank change of 3e-9, times 2 in A",
        "a penalty of numbers of 1e-7, sign in e",
    ),
    "jumps": (
        "naive cross-entropy of 3, both classes at 29, right",
        "naive cross-entropy of 6, both classes at 29, right",
        "naive cross-entropy of 2, both classes at 33, right",
    ),
    "round-off of the claim": (
        "cross-entropy of softmax at a margin of 25, right",
        "logistic regression at a margin of 26.5, right",
        "saturated tanh at a margin of 23, right",
    ),
    "chance": (
        "a slope estimated from 2,000 samples, right",
        "a slope estimated from 20,000 samples, right",
    ),
    "tolerance": (
        "a decay of 1, solved to 0.001, right",
        "a decay of 2.5, solved to 0.001, right",
        "a decay of 2.5, solved to 1e-05, right",
    ),
    "lost in half precision": (
        "columns of 2,048, bfloat16, summed in bfloat16",
        "columns of 8,192, float16, summed in float16",
    ),
    "off in float64": (
        "a sine in bfloat16, beside 1.03 of it, times 1.03",
        "a sine in bfloat16, beside 0.98 of it, times 0.98",
        "a sine in float16, beside 1.006 of it, times 1.006",
    ),
    "doubt": (
        "variance around 10, right",
        "variance around 100, right",
        "cross-entropy of float32 at a margin of 9, right",
    ),
}

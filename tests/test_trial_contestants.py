"""The contestants of the trial: each is given the same numbers, and read by its own rule."""

import importlib
import logging
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = str(Path(__file__).parents[1] / "benchmarks")
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)
contestants = importlib.import_module("trial.contestants")
scipy_bound = importlib.import_module("trial.contestants.scipy").BOUND
Problem = importlib.import_module("trial.specimen").Problem
SPECIMENS = importlib.import_module("trial.specimens").ALL
tried = importlib.import_module("trial.result").tried
Verdict = importlib.import_module("trial.contestant").Verdict

PASSES, ACCUSES, UNDECIDED, CANNOT = (
    Verdict.PASSES, Verdict.ACCUSES, Verdict.UNDECIDED, Verdict.CANNOT,
)  # fmt: skip
MAY_BE_MISSING = {
    "numdifftools", "autograd check_grads", "openmdao check_partials", "pymanopt check_gradient",
    "pyadjoint taylor_test",
}  # fmt: skip
BY_NAME = {contestant.name: contestant for contestant in contestants.ALL}
TAKES_COMPLEX = {
    "gradproof", "textbook", "torch gradcheck, slow", "torch gradcheck, fast", "jax check_grads",
    "autograd check_grads", "pymanopt check_gradient",
}  # fmt: skip


@pytest.fixture(params=contestants.ALL, ids=lambda contestant: contestant.name)
def contestant(request):
    return there(request.param)


def there(contestant):
    if contestant.version() is None and contestant.name in MAY_BE_MISSING:
        pytest.skip(f"{contestant.name} is not installed")
    return contestant


def point(dtype=float):
    rng = np.random.default_rng(11)
    drawn = {"W": rng.normal(size=(3, 2)), "b": rng.normal(size=4)}
    return {name: array.astype(dtype) for name, array in drawn.items()}


def fun(p, scale):
    return scale * (np.sum(np.sin(p["W"])) + np.sum(p["b"] ** 3) / 3)


def gradient(factor=1.0):
    """Of the second block, ``factor`` times the truth."""
    return lambda p, scale: {
        "W": scale * np.cos(p["W"]),
        "b": factor * scale * p["b"] ** 2,
    }


def easy(factor=1.0, dtype=float):
    return Problem(fun, point(dtype), gradient(factor), args=(1.5,))


# What each says to an easy problem


def test_gradproof_is_first_and_names_are_different():
    assert contestants.ALL[0].name == "gradproof"
    assert len(BY_NAME) == len(contestants.ALL) == 13


def test_all_are_there_that_have_to_be(contestant):
    assert contestant.version()
    assert contestant.rule


def test_an_easy_right_gradient_passes(contestant):
    answer = contestant.judge(easy())
    assert answer.verdict is PASSES, answer
    assert not answer.blocks
    assert not answer.entries
    assert answer.cause is None


def test_an_easy_wrong_gradient_is_accused(contestant):
    answer = contestant.judge(easy(2.0))
    assert answer.verdict is ACCUSES, answer
    assert answer.blocks == (("b",) if contestant.names_blocks else None)
    assert (answer.entries is None) is not contestant.names_entries
    assert answer.cause == ("scale" if contestant.names_cause else None)


def test_the_answer_is_the_same_again(contestant):
    for factor in (1.0, 2.0):
        assert contestant.judge(easy(factor)) == contestant.judge(easy(factor))


def test_gradproof_names_entries():
    def without_one(p, scale):
        claim = gradient()(p, scale)
        claim["W"][2, 1] = 0
        return claim

    answer = BY_NAME["gradproof"].judge(Problem(fun, point(), without_one, args=(1.5,)))
    assert answer.blocks == ("W",)
    assert answer.entries == {"W": ((2, 1),)}
    assert answer.cause == "zero"


# The same numbers


def test_the_numbers_are_those_of_the_problem(contestant):
    values, claims = [], []

    def recorded(into, function):
        def record(p, scale):
            assert scale == 1.5
            into.append({name: np.array(array) for name, array in p.items()})
            return function(p, scale)

        return record

    given = point()
    wrong = recorded(claims, gradient(2.0))
    contestant.judge(Problem(recorded(values, fun), given, wrong, args=(1.5,)))
    assert list(given) == ["W", "b"]
    for name, array in point().items():
        assert np.array_equal(given[name], array)  # the problem's own arrays stay as they are
        assert claims[0][name].shape == array.shape
        assert np.array_equal(claims[0][name], array)
        # The textbook never asks for the value at the point itself, and pymanopt asks last.
        np.testing.assert_allclose(values[0][name], array, rtol=0, atol=1.1e-7)


@pytest.mark.parametrize(
    "name", ["gradproof", "torch gradcheck, slow", "torch gradcheck, fast", "jax check_grads"]
)
def test_single_precision_stays_single(name):
    seen = set()

    def claim(p, scale):
        seen.update(array.dtype for array in p.values())
        return gradient()(p, scale)

    single = Problem(fun, point(np.float32), claim, (np.float32(1.5),))
    BY_NAME[name].judge(single)
    # gradproof asks once more in double precision how much of the claim is round-off.
    once_more = {np.dtype(np.float64)} if name == "gradproof" else set()
    assert np.dtype(np.float32) in seen <= {np.dtype(np.float32)} | once_more


def test_integers_are_held_fixed(contestant):
    whole = np.arange(3)

    def with_whole(p, scale):
        assert np.array_equal(p["n"], whole)
        return fun(p, scale * p["n"][2])

    def claim(p, scale):
        return {**gradient()(p, scale * p["n"][2]), "n": np.zeros(3)}

    parameters = {"n": whole, **point()}
    assert contestant.judge(Problem(with_whole, parameters, claim, (1.5,))).verdict is PASSES


def test_an_array_without_axes_keeps_its_shape(contestant):
    def product(p):
        assert p["a"].shape == ()
        return float(np.sin(p["a"]) * np.sum(p["b"]))

    def claim(p):
        return {"a": np.cos(p["a"]) * np.sum(p["b"]), "b": np.full(3, np.sin(p["a"]))}

    given = {"a": np.array(0.3), "b": np.arange(1.0, 4.0)}
    assert contestant.judge(Problem(product, given, claim)).verdict is PASSES


# What cannot be asked


def complex_problem(factor):
    """|z|² and the cube of an imaginary part; the gradient is ∂f/∂x + i ∂f/∂y."""
    rng = np.random.default_rng(12)
    given = {"z": rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)), "x": rng.normal(size=3)}
    return Problem(
        lambda p: float(np.sum(np.abs(p["z"]) ** 2) + np.sum(p["z"].imag ** 3) + np.sum(p["x"])),
        given,
        lambda p: {"z": factor * (2 * p["z"] + 3j * p["z"].imag ** 2), "x": np.ones(3)},
    )


def test_complex_parameters_are_judged_rightly_or_not_at_all(contestant):
    right, wrong = (contestant.judge(complex_problem(factor)) for factor in (1.0, 1.5))
    if contestant.name in TAKES_COMPLEX:
        assert (right.verdict, wrong.verdict) == (PASSES, ACCUSES), (right, wrong)
    else:
        assert right.verdict is wrong.verdict is CANNOT
        assert "complex" in right.note


@pytest.mark.parametrize("name", ["torch gradcheck, slow", "jax check_grads"])
def test_a_precision_that_does_not_exist_there(name):
    answer = BY_NAME[name].judge(easy(dtype=np.longdouble))
    assert answer.verdict is CANNOT
    assert answer.note


def test_nothing_to_differentiate(contestant):
    def whole(slope):
        grad = lambda p: {"n": np.full(3, slope)}
        return Problem(lambda p: float(np.sum(p["n"])), {"n": np.arange(3)}, grad)

    # gradproof is the only one that takes integers for the floats that they stand for.
    answers = [contestant.judge(whole(slope)).verdict for slope in (1.0, 1.5)]
    assert answers == ([PASSES, ACCUSES] if contestant.name == "gradproof" else [CANNOT] * 2)


def test_a_claim_of_another_shape_or_none(contestant):
    def flat(p, scale):
        return {"W": np.cos(p["W"]).T, "b": p["b"]}

    def missing(p, scale):
        return {"b": scale * p["b"] ** 2}

    # gradproof is the only one that takes them for gradients, and wrong ones.
    expected = ACCUSES if contestant.name == "gradproof" else CANNOT
    for grad in (flat, missing):
        assert contestant.judge(Problem(fun, point(), grad, (1.5,))).verdict is expected


def failing(size):
    def fails(p):
        raise ArithmeticError("no value here")

    return Problem(fails, {"x": np.ones(size)}, lambda p: {"x": np.ones(size)})


def test_an_exception_of_the_function_surfaces(contestant):
    with pytest.raises(ArithmeticError, match="no value here"):
        contestant.judge(failing(4))


def test_an_exception_in_a_thread_of_jax_surfaces():
    with pytest.raises(ArithmeticError, match="no value here"):
        BY_NAME["jax check_grads"].judge(failing(200_000))


def test_more_than_the_memory_holds():
    answer = BY_NAME["scipy.differentiate"].judge(failing(100_000))
    assert answer.verdict is CANNOT
    assert "GB" in answer.note


# In silence, leaving nothing behind


def test_nothing_is_printed_warned_or_left_behind(contestant, capsys):
    before = np.random.get_state()  # noqa: NPY002
    for factor in (1.0, 2.0):
        contestant.judge(easy(factor))  # a warning would be an error here
    after = np.random.get_state()  # noqa: NPY002
    assert before[0] == after[0]
    assert np.array_equal(before[1], after[1])
    assert before[2:] == after[2:]
    assert capsys.readouterr() == ("", "")
    assert not [h for h in logging.getLogger().handlers if type(h).__name__ == "_Heard"]


def test_no_file_is_written(contestant, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    contestant.judge(easy(2.0))
    assert not list(tmp_path.iterdir())


def test_jax_keeps_its_precision_setting_and_judges_large_problems():
    jax = importlib.import_module("jax")
    size = 200_000
    given = {"x": np.linspace(-1, 1, size)}
    before = jax.config.jax_enable_x64
    for factor, verdict in ((1.0, PASSES), (1.001, ACCUSES)):
        large = Problem(
            lambda p: float(np.sum(np.sin(p["x"]))),
            given,
            lambda p, factor=factor: {"x": factor * np.cos(p["x"])},
        )
        assert BY_NAME["jax check_grads"].judge(large).verdict is verdict
        assert jax.config.jax_enable_x64 == before


# The readings


def linear(claimed):
    return Problem(
        lambda p: float(np.sum(p["x"])), {"x": np.arange(1.0, 4.0)}, lambda p: {"x": claimed}
    )


def test_a_look_of_the_textbook_is_undecided():
    for error, verdict in ((0.0, PASSES), (4e-6, UNDECIDED), (4e-5, ACCUSES)):
        assert BY_NAME["textbook"].judge(linear(np.full(3, 1 + error))).verdict is verdict


def test_the_norm_of_scipy_is_held_to_one_bound():
    for error, verdict in ((0.5 * scipy_bound, PASSES), (2 * scipy_bound, ACCUSES)):
        claim = np.ones(3)
        claim[1] += error
        assert BY_NAME["scipy check_grad, all"].judge(linear(claim)).verdict is verdict


def test_entries_that_did_not_converge_accuse_nobody():
    def step(factor):
        return Problem(
            lambda p: float(np.sum(np.sqrt(p["x"]))),
            {"x": np.array([1e-4, 9.0])},  # the steps leave the domain at the first entry
            lambda p: {"x": 0.5 / np.sqrt(p["x"]) * [1, factor]},
        )

    judge = BY_NAME["scipy.differentiate"].judge
    assert judge(step(1.0)).verdict is UNDECIDED
    assert judge(step(1.5)).verdict is ACCUSES


def test_a_torch_complaint_without_a_parameter_names_none():
    calls = iter(range(1, 1000))

    def restless(p, scale):
        claim = gradient()(p, scale)
        return {name: array + 1e-9 / next(calls) for name, array in claim.items()}

    # "Backward is not reentrant": the claims differ, and each of them is within its tolerance.
    answer = BY_NAME["torch gradcheck, slow"].judge(Problem(fun, point(), restless, (1.5,)))
    assert answer.verdict is ACCUSES
    assert "reentrant" in answer.note
    assert answer.blocks == ()


def test_a_model_that_pymanopt_calls_exact_passes():
    there(BY_NAME["pymanopt check_gradient"])
    assert BY_NAME["pymanopt check_gradient"].judge(linear(np.ones(3))).verdict is PASSES
    assert BY_NAME["pymanopt check_gradient"].judge(linear(np.zeros(3))).verdict is ACCUSES


def test_the_line_that_is_put_in_place_in_pymanopt():
    there(BY_NAME["pymanopt check_gradient"])
    x = np.linspace(-8, 0, 51)
    y = np.where(x < -5, -10 + 0.1 * np.cos(40 * x), 2 * x + 3)
    linear_piece = importlib.import_module("trial.contestants.pymanopt")._linear_piece
    window, line = linear_piece(x, y, 10)
    assert len(window) == 11
    assert x[window[0]] >= -5
    np.testing.assert_allclose(line, [2, 3], rtol=1e-12)


def test_pyadjoint_undecided_at_machine_precision():
    there(BY_NAME["pyadjoint taylor_test"])
    sines = Problem(
        lambda p: float(np.sum(np.sin(p["x"]))), {"x": np.zeros(3)}, lambda p: {"x": np.ones(3)}
    )
    # A cubic remainder: the rate is 3, and passes.
    assert BY_NAME["pyadjoint taylor_test"].judge(sines).verdict is PASSES
    answer = BY_NAME["pyadjoint taylor_test"].judge(linear(np.ones(3)))
    assert answer.verdict is UNDECIDED, answer


def test_long_notes_are_cut():
    answering = importlib.import_module("trial.contestants.answering")
    assert len(answering.shortened("x" * 1000)) == answering.LONGEST_NOTE
    assert answering.shortened(" short\n") == "short"


def test_a_judge_is_silent_even_where_the_function_is_not(capsys):
    def loud(p, scale):
        print("evaluated")
        return fun(p, scale)

    BY_NAME["scipy check_grad, random"].judge(Problem(loud, point(), gradient(), (1.5,)))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "name",
    [
        "swish: half of the product rule, wrong",
        "ridge: weights of the examples forgotten, wrong",
        "poisson: residual in half precision, wrong",
    ],
)
def test_functions_under_one_wrapper_pass_arrays_of_several_sizes(name):
    """Where the explanation looks into it, an edit may not fit all that a line computes."""
    specimen = next(s for s in SPECIMENS if s.name == name)
    assert tried(BY_NAME["gradproof"], specimen).verdict == "accuses"

"""Jobs in the process itself, for libraries that no fork of it can use."""

import random
import subprocess
import sys
import time

import numpy as np
import pytest

import gradproof as gp
from gradproof.repair.attempts import worker_of
from gradproof.repair.here import Here
from gradproof.repair.sandbox import Ending, Worker


def run(*jobs, limit=5.0):
    with Here(lambda job: job(), limit) as worker:
        return [outcome for _, outcome in worker.run(jobs)]


def forever():
    while True:
        pass


def test_a_job_is_answered_in_this_process():
    seen = []
    (outcome,) = run(lambda: seen.append(1) or 17)
    assert (outcome.ending, outcome.value, seen) == (Ending.ANSWERED, 17, [1])


def test_a_job_that_does_not_end_is_stopped_and_the_next_is_answered():
    began = time.monotonic()
    late, after = run(forever, lambda: 17, limit=0.2)
    assert late.ending is Ending.LATE
    assert after.value == 17
    assert time.monotonic() - began < 5


def test_a_job_that_raises():
    raised, after = run(lambda: 1 / 0, lambda: 17)
    assert (raised.ending, raised.exception) == (Ending.RAISED, "ZeroDivisionError")
    assert after.value == 17


def test_what_outlasts_a_job_is_refused_to_it_alone(tmp_path):
    file = tmp_path / "out.txt"
    outcomes = run(lambda: file.write_text("written"), lambda: subprocess.run(["true"], check=True))
    assert [outcome.ending for outcome in outcomes] == [Ending.REFUSED, Ending.REFUSED]
    assert not file.exists()
    file.write_text("written")  # after it, all is as before
    assert subprocess.run([sys.executable, "-c", ""], check=True).returncode == 0


def test_chance_is_as_before():
    state = random.getstate()
    run(random.random)
    assert random.getstate() == state


def test_only_functions_that_use_jax_run_here():
    jax = pytest.importorskip("jax")
    namespace = {"jnp": jax.numpy}
    exec("def grad(w):\n    return jnp.cos(w)\n", namespace)
    assert worker_of([namespace["grad"]]) is Here
    namespace = {"np": np}
    exec("def grad(w):\n    return np.cos(w)\n", namespace)
    assert worker_of([namespace["grad"]]) is Worker


RULE = """\
import jax
import jax.numpy as jnp


@jax.custom_vjp
def swish(x):
    return x * jax.nn.sigmoid(x)


def forward(x):
    return swish(x), x


@jax.jit
def slope(x):
    s = jax.nn.sigmoid(x)
    return s + x * s * (1 + s)


def backward(x, g):
    return (g * slope(x),)


swish.defvjp(forward, backward)


@jax.jit
def loss(x):
    return jnp.sum(swish(x) ** 2)
"""


@pytest.mark.slow
def test_a_rule_of_jax_is_repaired_in_what_it_compiles(tmp_path):
    jax = pytest.importorskip("jax")
    import importlib.util

    path = tmp_path / "rule.py"
    path.write_text(RULE, "utf-8")
    spec = importlib.util.spec_from_file_location("rule", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with jax.enable_x64(True):
        report = gp.check(module.loss, jax.numpy.asarray([0.3, -1.2, 2.0]))
        found = gp.suggest_fixes(report, most=1)
    assert found, found.reason
    assert "+    return s + x * s * (1 - s)\n" in found[0].diff

"""Which rule in a JAX function is at fault: each way of writing one, right and wrong."""

import importlib.util
import sys
from pathlib import Path

import pytest

import gradproof as gp

jax = pytest.importorskip("jax")
jnp = jax.numpy

_spec = importlib.util.spec_from_file_location(
    "jax_models", Path(__file__).with_name("jax_models.py")
)
models = importlib.util.module_from_spec(_spec)
sys.modules["jax_models"] = models
_spec.loader.exec_module(models)

DTYPES = ["float64", "float32"]


@pytest.fixture(params=DTYPES)
def dtype(request):
    """x64 is on for float64 only, as people have it."""
    with jax.enable_x64(request.param == "float64"):
        yield request.param


@pytest.fixture
def double():
    with jax.enable_x64(True):
        yield


def checked(function, dtype="float64", **more):
    return gp.check_operations(
        function, models.weights(4, dtype=dtype), models.inputs(dtype), **more
    )


def rejected(report):
    return [(o.name, o.path, o.call) for o in report.operations if o.verdict.rejects]


@pytest.mark.parametrize("kind", models.FAULTY, ids=lambda kind: kind.__name__)
def test_a_right_function_has_no_call_at_fault(kind, dtype):
    report = checked(kind(1.0), dtype)
    assert report.ok, report.text()
    assert {str(o.verdict) for o in report.operations} == {"correct"}
    assert len(report.operations) > 1
    assert report.inquiry <= 40


@pytest.mark.parametrize("kind", models.FAULTY, ids=lambda kind: kind.__name__)
def test_exactly_the_planted_rule_is_named(kind, dtype):
    report = checked(kind(1.5), dtype)
    assert rejected(report) == [models.FAULTY[kind]], report.text(verbose=True)
    assert report.inquiry <= 40
    [operation] = [o for o in report.operations if o.verdict.rejects]
    if kind is not models.gradient_by_hand:  # whose wrapper is JAX's
        assert Path(operation.file).name == "jax_models.py"


@pytest.mark.parametrize("kind", models.FAULTY, ids=lambda kind: kind.__name__)
def test_a_small_fault_is_named_too(kind, double):
    report = checked(kind(1 + 1e-3))
    assert rejected(report) == [models.FAULTY[kind]], report.text(verbose=True)

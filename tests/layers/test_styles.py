import copy

import numpy as np
import pytest

import gradproof as gp
from layer_styles import STYLES as FIRST
from layer_styles_more import MORE

STYLES = FIRST | MORE


def asked(name, f):
    make, block = STYLES[name]
    arguments, keywords = make(f)
    return arguments, keywords, keywords.pop("_", block)


def frozen(thing):
    """Everything that an object holds, to be compared; arrays as lists."""
    if isinstance(thing, np.ndarray):
        return thing.tolist()
    if isinstance(thing, dict):
        return {key: frozen(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [frozen(value) for value in thing]
    if isinstance(thing, np.random.Generator):
        return thing.bit_generator.state
    if hasattr(thing, "__dict__") and not callable(thing) and type(thing).__module__ != "logging":
        return frozen(vars(thing))
    return repr(thing)


@pytest.mark.parametrize("name", STYLES)
def test_a_right_layer_is_correct_and_left_as_it_was(name):
    (layer, *inputs), keywords, block = asked(name, 1)
    before = frozen(layer), frozen(copy.deepcopy(inputs))
    report = gp.check_layer(layer, *inputs, **keywords)
    assert report.ok, report
    assert block in [b.name for b in report.blocks]
    assert (frozen(layer), frozen(inputs)) == before


@pytest.mark.parametrize("f", [1.001, -1])
@pytest.mark.parametrize("name", STYLES)
def test_a_wrong_gradient_is_named_and_no_other(name, f):
    (layer, *inputs), keywords, block = asked(name, f if name != "single_precision" else 1.01)
    report = gp.check_layer(layer, *inputs, **keywords)
    wrong = [b.name for b in report.blocks if b.verdict.rejects]
    assert wrong == [block], report


@pytest.mark.parametrize("name", STYLES)
def test_the_line_stands_in_the_layer(name):
    (layer, *inputs), keywords, block = asked(name, 2)
    report = gp.check_layer(layer, *inputs, **keywords)
    lines = [finding.line for finding in report.findings if finding.block == block]
    for line in filter(None, lines):
        assert "layer_styles" in line.file
        assert not line.text.startswith("def")

"""What a diagnosis suggests, as expressions that an edit can use."""

from gradproof.records.finding import Finding, Kind, SourceLine
from gradproof.repair.hints import MODULE, Meant, hints

HELD = {
    MODULE: {"LAMBDA": 0.3, "RATE": 0.1},
    "grad": {
        "params['W']": (4, 3), "dW": (4, 3), "X": (6, 4), "b": (3,), "return": (4, 3), "m": 6.0,
    },
}  # fmt: skip
BLOCKS = {"params['W']": (4, 3), "params['b']": (3,)}


def told(*findings, file="net.py"):
    return hints(findings, file, HELD, BLOCKS)


def scale(factor):
    return Finding(Kind.SCALE, "params['W']", "", factor=factor)


def decay(missing, bar=1e-9):
    return Finding(Kind.PARAMETER_TERM, "params['W']", "", factor=-missing, factor_bar=bar)


def test_a_factor_is_undone():
    factors = told(scale(2.0), scale(1 / 6), scale(-1.0), scale(0.75), scale(2.0)).factors
    assert factors == ("1 / 2", "6", "-1", "4 / 3")


def said(message):
    line = SourceLine("net.py", 3, 3, "dZ = d", "grad")
    return told(Finding(Kind.ENTRY_FACTOR, "params['W']", message, line=line)).meant


def test_what_an_expression_should_be():
    assert said("p: `d` lacks the factor `1 / s`.") == (Meant("d", "1 / s", factor=True),)
    lacks = "p: `d` lacks the derivative of an activation, the factor `1 - A ** 2`. With it right"
    assert said(lacks) == (Meant("d", "1 - A**2", factor=True),)
    assert said("p: `X` stands where `Y` belongs.") == (Meant("X", "Y", factor=False),)
    assert said("p: `X` stands where the derivative belongs, `sigmoid'(Z)`.") == ()
    assert said("p: `d` has the wrong sign.") == ()


def test_sizes_as_factors():
    assert told(scale(1 / 300), scale(300.0)).factors == ("300", "1 / 300")
    assert told(scale(1 / 20_000), scale(20_000.0)).factors == ()


def test_no_factor_that_is_no_small_fraction():
    assert told(scale(0.318309886), scale(1e-7), scale(0.0)).factors == ()


def test_the_lines_of_the_file_that_is_edited():
    line = SourceLine("net.py", 7, 9, "dW = 2", "grad")
    rejected = Finding(Kind.UNEXPLAINED, None, "", line=line)
    assert told(rejected).lines == (7, 8, 9)
    assert told(rejected, file="other.py").lines == ()


def test_a_missing_term_by_the_names_of_its_coefficient_and_of_the_parameter():
    terms = told(decay(0.3)).terms
    assert terms[0] == "LAMBDA * params['W']"
    assert "0.3 * params['W']" in terms
    assert not any("X" in term or "b" in term or "return" in term for term in terms)


def test_a_multiple_of_a_known_coefficient():
    assert told(decay(0.6)).terms[0] == "2 * LAMBDA * params['W']"
    assert told(decay(0.15)).terms[0] == "0.5 * LAMBDA * params['W']"


def test_a_coefficient_that_nothing_holds_is_a_number():
    assert told(decay(0.7654)).terms == ("0.7654 * params['W']", "0.7654 * dW")


def test_a_term_too_much_is_there_to_be_dropped():
    assert told(decay(-0.3)).terms == ()

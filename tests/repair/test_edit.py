import pytest

from gradproof.repair.edit import Edit, applied, overlapping


def edit(begin, end, new):
    return Edit(begin, end, new, "name", 1, f"{begin}:{end} → {new}", 1.0)


def test_one_edit_replaces_its_span():
    assert applied("a + b", [edit(4, 5, "c")]) == "a + c"


def test_edits_are_applied_in_any_order():
    several = [edit(4, 5, "cc"), edit(0, 1, ""), edit(2, 3, "**")]
    assert applied("a + b", several) == applied("a + b", several[::-1]) == " ** cc"


def test_no_edit_leaves_the_text():
    assert applied("größer\r\n", []) == "größer\r\n"


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ((0, 2), (1, 3), True),
        ((0, 2), (2, 3), False),
        ((0, 3), (1, 2), True),
        ((1, 1), (0, 2), True),  # something put inside what goes
        ((2, 2), (0, 2), False),  # something put behind what goes
        ((0, 0), (0, 2), True),  # nobody knows which comes first
        ((1, 1), (1, 1), True),
        ((0, 1), (4, 5), False),
    ],
)
def test_what_overlaps(one, other, meet):
    first, second = edit(*one, "x"), edit(*other, "y")
    assert overlapping(first, second) == overlapping(second, first) == meet


def test_overlapping_edits_are_refused():
    with pytest.raises(ValueError, match=r"^Two edits overlap: 0:3 → x, and 2:4 → y\.$"):
        applied("abcdef", [edit(2, 4, "y"), edit(0, 3, "x")])


def test_an_edit_that_reaches_over_others_is_refused():
    with pytest.raises(ValueError, match="overlap"):
        applied("abcdef", [edit(0, 6, "x"), edit(1, 1, "y"), edit(4, 5, "z")])

"""What was confirmed by hand: patterns of ``name: cause``, and how it is known."""

BY_HAND: dict[str, str] = {}

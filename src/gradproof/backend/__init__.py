"""Array libraries: all that is known of each is one file; others' are found by entry point."""

from .protocol import (
    ONLY_FORWARD,
    WANTS_GRAD,
    About,
    Backend,
    Call,
    Drawn,
    Node,
    Vjp,
)

__all__ = [
    "ONLY_FORWARD",
    "WANTS_GRAD",
    "About",
    "Backend",
    "Call",
    "Drawn",
    "Node",
    "Vjp",
]

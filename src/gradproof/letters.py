"""Stand-ins for letters that a stream cannot show: ``+-`` for ``±`` where it knows ASCII only."""

from __future__ import annotations

import codecs
import sys
from typing import Any

# The name of the handler, for ``errors=`` of a stream.
HANDLER = "gradproof.letters"

_STAND_INS = {
    "±": "+-", "→": "->", "←": "<-", "×": "x", "‖": "||", "…": "...", "·": "*", "−": "-",
    "–": "-", "—": "-", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "∞": "inf", "∂": "d", "Σ": "sum",
    "√": "sqrt", "ε": "eps", "θ": "theta", "φ": "phi", "λ": "lambda", "σ": "sigma", "μ": "mu",
    "Δ": "delta", "∇": "grad ", "⟨": "<", "⟩": ">", "²": "^2", "³": "^3", "⁻": "-", "⊙": "*",
    "‘": "'", "’": "'", "“": '"', "”": '"', "•": "*", "↦": "->", "⏎": "|", "\u00a0": " ",
    "━": "-", "─": "-", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "▏": "|", "█": "#",
    "╸": "-", "╺": "-", "✓": "ok", "✗": "x",
}  # fmt: skip


def fitted(text: str, stream: Any = None) -> str:
    """A text with stand-ins for what a stream, or else standard output, cannot show."""
    encoding = getattr(sys.stdout if stream is None else stream, "encoding", None)
    if not encoding or text.isascii():
        return text
    try:
        return text.encode(encoding, HANDLER).decode(encoding)
    except LookupError:  # an encoding that Python does not have
        return text


def is_plain(stream: Any) -> bool:
    """Whether a stream shows no more than an old code page: no spinner and no ellipsis there."""
    encoding = getattr(stream, "encoding", None)
    return bool(encoding) and fitted("⠋…", stream) != "⠋…"


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """The handler: what has no stand-in is written as an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    found = [_STAND_INS.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing]
    return "".join(found), error.end


codecs.register_error(HANDLER, _replaced)

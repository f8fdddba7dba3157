"""Repairing a wrong backward pass: small edits of its text, tried under the measured slopes."""

from __future__ import annotations

from .fix import Fix, Miss, Suggestions
from .suggest import suggest_fixes

__all__ = ["Fix", "Miss", "Suggestions", "suggest_fixes"]

"""The command line: ``gradproof demo``, ``gradproof check``."""

from __future__ import annotations


def main() -> None:
    """Entry point of the console script."""
    raise SystemExit("gradproof: the command line is being built")

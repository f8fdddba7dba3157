"""The command line: ``gradproof demo``, ``check``, ``fix`` and ``show``."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    from .commands import run  # here: the pytest plugin needs the runs, and not click

    run(arguments)

"""What a run was asked for: the options of the command line, and how wide a report may be."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Options:
    """The wishes of the command line, and how wide a report may be."""

    seed: int | None
    html: Path | None
    width: int


OPTIONS = pytest.StashKey[Options]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The command line and the configuration."""
    group = parser.getgroup("gradproof", "gradients")
    group.addoption(
        "--gradproof-seed",
        type=_seed,
        metavar="N",
        help="seed of all checks, whatever tests, marks and cases say themselves",
    )
    group.addoption(
        "--gradproof-html",
        metavar="DIR",
        help="write one HTML file for each check into DIR, and an index.html",
    )
    parser.addini(
        "gradproof_cases",
        "collect the functions marked @gp.case in test files as tests",
        type="bool",
        default=False,
    )


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 on, but is {text!r}")
    return int(text)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist what it cannot see: our terminal and our folder."""
    options = node.config.stash[OPTIONS]
    html = None if options.html is None else str(options.html)
    node.workerinput["gradproof"] = (html, options.width)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process only runs tests that another one hands out."""
    return hasattr(config, "workerinput")


def asked(config: pytest.Config) -> Options:
    """The options of a run; a worker has heard of folder and width."""
    worker = getattr(config, "workerinput", None)
    html, width = worker["gradproof"] if worker else (_folder(config), _columns())
    seed = config.getoption("--gradproof-seed")
    return Options(seed, None if html is None else Path(html), width)


def _columns() -> int:
    return shutil.get_terminal_size().columns


def _folder(config: pytest.Config) -> str | None:
    """The folder for HTML files, made and tried out."""
    given = config.getoption("--gradproof-html")
    if given is None:
        return None
    if importlib.util.find_spec("jinja2") is None:
        raise pytest.UsageError("--gradproof-html needs jinja2: pip install 'gradproof[report]'.")
    path = config.invocation_params.dir / given
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise pytest.UsageError(
            f"--gradproof-html: {given} cannot be written to: {error.strerror}."
        ) from None
    return str(path)


def near(config: pytest.Config, path: Path) -> str:
    """A path as seen from where pytest was started, if it is below."""
    here = config.invocation_params.dir
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

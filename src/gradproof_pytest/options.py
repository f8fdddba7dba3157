"""What a run was asked for: the options of the command line, and how wide a report may be."""

from __future__ import annotations

import argparse
import pkgutil
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for, and how wide a report may be.

    ``folders`` are where each check has a file, by the names of the renderers; a page only what is
    not right has, unless there are ``all_pages``.
    """

    seed: int | None
    folders: Mapping[str, Path]
    width: int
    all_pages: bool = False

    def writes(self, name: str, *, right: bool) -> bool:
        """Whether a check that is right, or not, has a file in the form of a name."""
        return self.all_pages or not (right and name == "html")


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
    for name in _renderers():
        group.addoption(
            _option(name),
            metavar="DIR",
            help=_help(name),
        )
    group.addoption(
        "--gradproof-html-pages",
        choices=("failed", "all"),
        default="failed",
        help="which checks have a page in --gradproof-html DIR: those that are not right (failed, "
        "the default), or all; the index has all of them",
    )
    parser.addini(
        "gradproof_cases",
        "collect the functions marked @gp.case in test files as tests",
        type="bool",
        default=False,
    )


def _help(name: str) -> str:
    """What an option that names a folder does."""
    if name == "html":
        return "write a page of each check that is not right into DIR, and an index of all checks"
    return f"write a file for each check into DIR: the form of `gradproof check --{name}`"


def _option(name: str) -> str:
    return f"--gradproof-{name}"


def _renderers() -> list[str]:
    """The names of gradproof's renderers, which is not imported for that."""
    spec = find_spec("gradproof")
    homes = spec.submodule_search_locations or [] if spec is not None else []
    folders = [str(Path(home, "report", "renderers")) for home in homes]
    own = {module.name for module in pkgutil.iter_modules(folders)}
    installed = {point.name for point in entry_points(group="gradproof.renderers")}
    imported = sys.modules.get("gradproof.report.renderers")  # by a plugin that registers one
    return sorted({*own, *installed, *(imported.renderers() if imported is not None else ())})


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 on, but is {text!r}")
    return int(text)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand a worker of pytest-xdist what it cannot see: our terminal and our folder."""
    options = node.config.stash[OPTIONS]
    folders = {name: str(folder) for name, folder in options.folders.items()}
    node.workerinput["gradproof"] = (folders, options.width)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process only runs tests that another one hands out."""
    return hasattr(config, "workerinput")


def asked(config: pytest.Config) -> Options:
    """The options of a run; a worker has heard of folders and width."""
    worker = getattr(config, "workerinput", None)
    here = shutil.get_terminal_size().columns
    folders, width = worker["gradproof"] if worker else (_folders(config), here)
    seed = config.getoption("--gradproof-seed")
    all_pages = config.getoption("--gradproof-html-pages") == "all"
    return Options(seed, {name: Path(folder) for name, folder in folders.items()}, width, all_pages)


def _folders(config: pytest.Config) -> dict[str, Path]:
    """The folders for files, made and tried out."""
    given = {name: config.getoption(_option(name), None) for name in _renderers()}
    return {name: _folder(config, name, path) for name, path in given.items() if path is not None}


def _folder(config: pytest.Config, name: str, given: str) -> Path:
    from gradproof.errors import UsageError
    from gradproof.report.renderers import renderers

    path = config.invocation_params.dir / given
    try:
        renderers()[name].require()
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except UsageError as error:
        raise pytest.UsageError(f"{_option(name)}: {error}") from None
    except OSError as error:
        raise pytest.UsageError(
            f"{_option(name)}: {given} cannot be written to: {error.strerror}."
        ) from None
    return path


def near(config: pytest.Config, path: Path) -> str:
    """A path as seen from where pytest was started, if it is below."""
    here = config.invocation_params.dir
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

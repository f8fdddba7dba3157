"""The pytest plugin: a fixture that checks gradients, cases as tests, and a summary of both.

pytest imports this package in every run, so it imports gradproof only where a check is made.
"""

from __future__ import annotations

import pytest

from .cases import pytest_pycollect_makeitem
from .failures import pytest_runtest_makereport
from .fixture import Checks, gradproof_fixture
from .marks import MARK, pytest_runtest_setup
from .options import OPTIONS, asked, is_worker, pytest_addoption, pytest_configure_node
from .summary import Summary
from .unread import pytest_runtest_call

__all__ = [
    "Checks",
    "gradproof_fixture",
    "pytest_addoption",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_pycollect_makeitem",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
]


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark and whoever sums up, and find out what the run was asked for."""
    config.addinivalue_line("markers", MARK)
    options = config.stash[OPTIONS] = asked(config)
    if not is_worker(config):
        config.pluginmanager.register(Summary(config, options), "gradproof-summary")

"""A check while the user's own profiler runs: nothing is raised, and the profiler goes on."""

import cProfile
import pstats
import sys

import numpy as np
import pytest

import gradproof as gp
from gradproof.profiling import profiled


def cost(x):
    return float(np.sum(np.tanh(x) ** 2))


def wrong(x):
    t = np.tanh(x)
    return 2 * t * (1 - t)


def afterwards():
    """Called once the check is over."""


def test_a_wrong_gradient_is_explained_and_repaired_under_cprofile():
    profile = cProfile.Profile()
    profile.enable()
    try:
        report = gp.check(cost, np.array([0.3, -0.7, 1.1]), grad=wrong)
        fixes = gp.suggest_fixes(report)
        afterwards()
    finally:
        profile.disable()
    assert report.verdict == "wrong"
    assert fixes
    counted = {name for _, _, name in pstats.Stats(profile).stats}
    assert {"cost", "wrong", "afterwards"} <= counted


@pytest.mark.parametrize("fails", [False, True])
def test_a_profile_function_is_back_afterwards_whatever_happened(fails):
    seen = []

    def note(frame, event, argument):
        seen.append(frame.f_code.co_name)

    def own(frame, event, argument):
        pass

    before = sys.getprofile()
    sys.setprofile(own)
    try:
        with profiled(note):
            afterwards()
            1 / (not fails)
    except ZeroDivisionError:
        pass
    finally:
        now = sys.getprofile()
        sys.setprofile(before)
    assert now is own
    assert "afterwards" in seen

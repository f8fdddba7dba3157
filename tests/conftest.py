"""Lets every test import the specimens beside this file; one thread; replays Hypothesis' draws."""

import os
import signal
import sys
from pathlib import Path

from hypothesis import settings

# Workers that share the processors, and whatever they start, do not share them again in threads;
# set before anything imports NumPy or torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What tests check is no part of the summary of a job that runs them.
os.environ.pop("GITHUB_STEP_SUMMARY", None)

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "report")]

# A shell makes what it starts in the background deaf to Ctrl-C; some tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, and no verdict that depends on how busy the machine is.
settings.register_profile("gradproof", deadline=None, derandomize=True)
settings.load_profile("gradproof")

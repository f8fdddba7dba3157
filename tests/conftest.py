"""Lets every test import the specimens beside this file; one thread; replays Hypothesis' draws."""

import os
import signal
import sys
from pathlib import Path

from hypothesis import settings

# Workers that share the processors, and whatever they start, do not share them again in threads;
# set before anything imports NumPy or torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What JAX compiles is compiled once for all workers and runs, and hardly optimised: it runs once.
_COMPILED = {
    "JAX_COMPILATION_CACHE_DIR": str(Path(__file__).parents[1] / ".pytest_cache" / "jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
}
for _name, _value in _COMPILED.items():
    os.environ.setdefault(_name, _value)

# What tests check is no part of the summary of a job that runs them.
os.environ.pop("GITHUB_STEP_SUMMARY", None)

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "report")]

# A shell makes what it starts in the background deaf to Ctrl-C; some tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, and no verdict that depends on how busy the machine is.
settings.register_profile("gradproof", deadline=None, derandomize=True)
settings.load_profile("gradproof")

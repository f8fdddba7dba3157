"""The gradcheck tests of a test file, once with torch's own functions and once with gradproof's.

The file is run by pytest twice, each time in a process of its own. In the second one
``gradproof.torch.gradcheck`` and ``gradgradcheck`` stand in the places of torch's own, wherever the
file and the packages it imports take them from; only the tests that called one of them the first
time are run again. What is printed: each test and each call that ended in another way, and the
time.

    python benchmarks/dropins.py FILE [-k EXPRESSION] [--limit 20] [--json RESULTS]
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

OWN, OURS = "torch", "gradproof"
NAMES = ("gradcheck", "gradgradcheck")
LONGEST = 3600  # seconds for one of the two runs
SHOWN = 160  # characters of a message


class Recorder:
    """A plugin of pytest: how each test ended, and what each call of a checker in it said."""

    def __init__(self, contestant, chosen):
        self.contestant, self.chosen = contestant, chosen
        self.tests, self.test, self.depth = {}, "", 0

    def pytest_collection_modifyitems(self, items):
        if self.chosen is not None:
            items[:] = [item for item in items if item.nodeid in self.chosen]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self.test = item.nodeid
        self.tests[self.test] = {"outcome": "passed", "detail": "", "calls": []}

    def pytest_runtest_logreport(self, report):
        if report.outcome != "passed":
            found = self.tests[report.nodeid]
            found["outcome"] = report.outcome
            crash = getattr(report.longrepr, "reprcrash", None)
            found["detail"] = getattr(crash, "message", "") or str(report.longrepr)

    def recorded(self, function):
        """The function, whose calls are written down, but for those that it makes itself."""

        @functools.wraps(function)
        def call(*args, **kwargs):
            if self.depth or self.test not in self.tests:
                return function(*args, **kwargs)
            self.depth, began, said = self.depth + 1, time.perf_counter(), "returned nothing"
            try:
                answer = function(*args, **kwargs)
            except BaseException as error:
                said = f"{_kind(error)}: {' '.join(str(error).split())[:1000]}"
                raise
            else:
                said = str(answer)
                return answer
            finally:
                self.depth -= 1
                seconds = time.perf_counter() - began
                asked = {k: v for k, v in kwargs.items() if isinstance(v, bool | float | None)}
                self.tests[self.test]["calls"].append([function.__name__, said, seconds, asked])

        return call


def _kind(error):
    """The type that an existing test would expect, where ours is one of these too."""
    from torch.autograd.gradcheck import GradcheckError

    known = (GradcheckError, AssertionError, ValueError)
    return next((k for k in known if isinstance(error, k)), type(error)).__name__


def put_in(recorder):
    """Recorded checkers, torch's own or ours, in the places of torch's own."""
    importlib.import_module("torch.testing._internal.common_utils")  # wrappers of both
    own = sys.modules["torch.autograd.gradcheck"]
    functions = {name: getattr(own, name) for name in NAMES}
    if recorder.contestant == OURS:
        import gradproof.torch as source
    else:
        source = own
    for name, old in functions.items():
        new = recorder.recorded(getattr(source, name))
        for module in list(sys.modules.values()):
            of_torch = getattr(module, "__name__", "").startswith("torch")
            if of_torch and vars(module).get(name) is old:
                setattr(module, name, new)


def child(options):
    """One run of the file."""
    sys.path.insert(0, str(options.file.parent))
    chosen = None if options.chosen is None else set(json.loads(options.chosen.read_text()))
    recorder = Recorder(options.child, chosen)
    put_in(recorder)
    asked = ["-q", "-p", "no:cacheprovider", "--tb=short", "-W", "ignore", "--no-header", "-rN"]
    asked += ["-k", options.k] if options.k else []
    pytest.main([options.file.name, *asked], plugins=[recorder])
    options.json.write_text(json.dumps(recorder.tests))


def run(contestant, options, folder, chosen=None):
    """The tests of one run, by name; only those that called a checker."""
    out = folder / f"{contestant}.json"
    command = [sys.executable, Path(__file__).resolve(), options.file.resolve()]
    command += ["--child", contestant, "--json", out]
    command += ["-k", options.k] if options.k else []
    if chosen is not None:
        (folder / "chosen.json").write_text(json.dumps(sorted(chosen)))
        command += ["--chosen", folder / "chosen.json"]
    path = os.pathsep.join([str(options.file.resolve().parent), os.environ.get("PYTHONPATH", "")])
    log = folder / f"{contestant}.txt"
    with log.open("w") as lines:
        subprocess.run(
            [str(part) for part in command], cwd=options.file.resolve().parent, timeout=LONGEST,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}, stdout=lines,
            stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if not out.exists():
        sys.exit(f"The run with {contestant}'s functions ended early:\n{log.read_text()[-2000:]}")
    found = {name: test for name, test in json.loads(out.read_text()).items() if test["calls"]}
    if not found:
        sys.exit(f"No test called gradcheck or gradgradcheck:\n{log.read_text()[-2000:]}")
    return found


def answer(said):
    """What a call said without its words."""
    return said.split(":")[0]


def told(own, ours):
    """The table of differences, as lines."""
    ends = Counter()
    for name, test in own.items():
        other = ours.get(name, {"outcome": "not run", "calls": [], "detail": ""})
        ends[test["outcome"], other["outcome"]] += 1
        pairs = list(zip(test["calls"], other["calls"], strict=False))
        apart = [(a, b) for a, b in pairs if answer(a[1]) != answer(b[1])]
        if test["outcome"] == other["outcome"] and not apart:
            continue
        yield f"{name.split('::', 1)[-1]}: {other['outcome']}, with torch's own {test['outcome']}"
        if test["outcome"] != other["outcome"]:
            yield f"    {' '.join(other['detail'].split())[: 2 * SHOWN]}"
        for a, b in apart:
            yield f"    {a[0]}: ours {b[1][:SHOWN]}"
            yield f"        torch's {a[1][:SHOWN]}"
    yield ""
    for (one, other), count in sorted(ends.items()):
        yield f"{count:5} tests: {one} with torch's own, {other} with gradproof's"
    yield from _speed(own, ours)


def _speed(own, ours):
    """Seconds, over the calls that both answered with True."""
    pairs = [
        (a, b)
        for name, test in own.items()
        for a, b in zip(test["calls"], ours.get(name, {"calls": []})["calls"], strict=False)
        if a[1] == b[1] == "True"
    ]
    for mode in (True, False):
        chosen = [(a[2], b[2]) for a, b in pairs if bool(a[3].get("fast_mode")) is mode]
        if not chosen:
            continue
        yield (
            f"{len(chosen):5} calls that both pass, {'fast' if mode else 'slow'} mode: ours "
            f"{sum(b for _, b in chosen):.1f} s, torch's own {sum(a for a, _ in chosen):.1f} s; "
            f"median of the ratio {median([b / a for a, b in chosen]):.1f}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="a test file that calls gradcheck")
    parser.add_argument("-k", default="", help="only these tests, as for pytest")
    parser.add_argument("--json", type=Path, help="where to keep all answers")
    parser.add_argument("--child", choices=(OWN, OURS), help=argparse.SUPPRESS)
    parser.add_argument("--chosen", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options)
        return
    with tempfile.TemporaryDirectory() as name:
        own = run(OWN, options, Path(name))
        ours = run(OURS, options, Path(name), own)
    print("\n".join(told(own, ours)))
    if options.json:
        options.json.write_text(json.dumps({OWN: own, OURS: ours}))


if __name__ == "__main__":
    main()

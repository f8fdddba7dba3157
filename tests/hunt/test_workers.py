"""Tries in other processes: the same is found, and a worker that dies loses nothing."""

import os
import time

import numpy as np
import pytest

import gradproof as gp

pytest.importorskip("joblib")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def fun(x, beta):
    return float(np.sum(np.logaddexp(0, beta * x)) / beta)


def wrong(x, beta):
    return 1 / (1 + np.exp(-(x if beta > 10 else beta * x)))


def hunted(grad=wrong, tries=120, **more):
    return gp.hunt(fun, gp.arrays((2,)), grad=grad, beta=gp.one_of(1.0, 20.0), tries=tries, **more)


def said(hunt):
    return [(str(f.values), f.cause, f.hits) for f in hunt.found], hunt.tries, hunt.skipped


def test_two_workers_find_what_one_finds(tmp_path):
    alone = hunted(journal=tmp_path / "one")
    together = hunted(workers=2, journal=tmp_path / "two")
    assert said(alone) == said(together)
    assert lines(tmp_path / "one") == lines(tmp_path / "two")


def lines(path):
    import json

    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in entries]


def test_a_worker_that_dies_loses_no_result():
    def dies(x, beta):
        if x[0] == 1000:
            os._exit(3)
        return wrong(x, beta)

    hunt = hunted(dies, workers=2)
    assert hunt.tries == 120
    assert any("died" in reason for reason in hunt.reasons)
    assert hunt.found


def test_a_try_has_a_limit_of_time_and_memory():
    from gradproof.hunt.cover import Planner
    from gradproof.hunt.run import Limits
    from gradproof.hunt.space import Hints
    from gradproof.hunt.target import Manner, target_of
    from gradproof.hunt.workers import Workers

    def greedy(x):
        if x[0] == 0:
            time.sleep(60)
        if x[0] == 1:
            np.ones(2**31)
        if x[0] == -1:
            while True:  # hears of no signal for long
                np.linalg.svd(np.ones((400, 400)))
        return np.cos(x)

    target = target_of(lambda x: float(np.sum(np.sin(x))), greedy, {"point": gp.arrays(2)},
                       Manner(), None)  # fmt: skip
    planner = Planner(target.family, Hints(), 0)
    batch = [one for _ in range(4) for one in planner.batch(99)]
    chosen = [o for o in batch if o.values["point"][0] in (0, 1, -1) or o.number < 2][:8]
    assert Limits(1, None, 0).tries == 1
    began = time.perf_counter()
    with Workers(target, 0, 2, seconds=2.0, megabytes=4000) as workers:
        outcomes = list(workers.run(chosen))
    assert time.perf_counter() - began < 120
    for one, outcome in zip(chosen, outcomes, strict=True):
        first = one.values["point"][0]
        assert (outcome.verdict == "skipped") == (first in (0, 1, -1)), (one.name, outcome)


@pytest.mark.parametrize("where", ["dask", "ray"])
def test_a_cluster_finds_the_same(where, monkeypatch):
    alone = hunted(tries=60)
    if where == "ray":
        ray = pytest.importorskip("ray")
        monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
        ray.init(
            num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1"
        )
        try:
            there = hunted(tries=60, executor="ray", workers=2)
        finally:
            ray.shutdown()
    else:
        distributed = pytest.importorskip("distributed")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster:
            address = cluster.scheduler_address.removeprefix("tcp://")
            there = hunted(tries=60, executor=f"dask://{address}")
    assert said(alone) == said(there)


def test_check_tries_the_parameters_of_a_case_in_processes(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from gradproof.cli.commands import commands

    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.py").write_text(
        "import gradproof as gp, numpy as np\n"
        "@gp.case\ndef f(x=gp.arrays(2), k=gp.one_of(1.0, 3.0)):\n"
        "    fun = lambda x: float(np.sum(k * x**2))\n"
        "    return dict(fun=fun, point=x, grad=lambda x: 2 * x * min(k, 2.0))\n"
    )
    ran = [CliRunner().invoke(commands, ["check", "cases.py", "-n", n]) for n in "12"]
    assert [one.exit_code for one in ran] == [1, 1], ran[1].output
    assert ran[0].output.splitlines()[0] == ran[1].output.splitlines()[0]
    assert "with k=3.0" in ran[1].output


def test_what_cannot_be_sent_is_said():
    import threading

    lock = threading.Lock()

    def locked(x, beta):
        with lock:
            return wrong(x, beta)

    with pytest.raises(gp.UsageError, match="cannot be sent to workers"):
        hunted(locked, workers=2)
    with pytest.raises(gp.UsageError, match="executor must be"):
        hunted(executor="slurm")

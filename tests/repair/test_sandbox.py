"""Jobs in processes of their own: whatever one does, the next and the parent do not notice."""

import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections import deque
from pathlib import Path

import numpy as np
import pytest

from gradproof.errors import UsageError
from gradproof.repair.sandbox import Ending, Outcome, Worker

STATE = {"array": np.zeros(3)}


def run(*jobs, limit=2.0, **options):
    """The outcomes of jobs that are functions without arguments."""
    with Worker(lambda job: job(), limit, **options) as worker:
        outcomes = [outcome for _, outcome in worker.run(jobs)]
    assert_nothing_left()
    return outcomes


def assert_nothing_left():
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def open_files():
    return len(list(Path("/dev/fd").iterdir()))


def ends(job, ending, text="", exception="", limit=2.0):
    """A job ends in a way, and the next one is answered all the same."""
    outcome, after = run(job, lambda: 17, limit=limit)
    assert outcome.ending is ending
    assert text in outcome.text
    assert exception == outcome.exception
    assert outcome.value is None
    assert after == Outcome(Ending.ANSWERED, 17)
    return outcome


def forever():
    while True:
        pass


def deep():
    return deep()


class Unpicklable(Exception):
    def __reduce__(self):
        raise TypeError("not me")


class WithoutText(Exception):
    def __str__(self):
        raise ValueError("none")


class Reborn:
    """Can be pickled, and raises when it is unpickled."""

    def __reduce__(self):
        return int, ("x",)


def raising(error):
    def job():
        raise error

    return job


@pytest.mark.parametrize("job", [forever, lambda: time.sleep(100), lambda: sum(range(10**12))])
def test_a_job_that_does_not_end_is_killed(job):
    ends(job, Ending.LATE, "no answer within 0.2 s", limit=0.2)


def test_a_job_that_catches_everything_is_killed_as_well():
    def job():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            with contextlib.suppress(BaseException):
                time.sleep(10)

    ends(job, Ending.LATE, limit=0.2)


def test_a_job_that_closes_all_files_and_goes_on_is_killed():
    def job():
        os.closerange(0, 100)
        forever()

    ends(job, Ending.LATE, limit=0.2)


@pytest.mark.parametrize("code", [0, 3])
def test_a_job_that_leaves_without_an_answer(code):
    ends(lambda: os._exit(code), Ending.DIED, f"exit code {code}")


def test_a_job_that_crashes():
    ends(lambda: os.kill(os.getpid(), signal.SIGSEGV), Ending.DIED, "killed by SIGSEGV")


def test_a_job_that_crashes_in_c():
    ends(lambda: ctypes.string_at(0), Ending.DIED, "killed by SIGSEGV")


def test_recursion_without_end():
    ends(deep, Ending.RAISED, "recursion", "RecursionError")


def test_more_memory_than_there_is():
    ends(lambda: np.ones(1 << 36), Ending.RAISED, exception="_ArrayMemoryError")
    ends(lambda: bytearray(1 << 36), Ending.RAISED, exception="MemoryError")


def test_an_exception():
    ends(raising(ZeroDivisionError("by nothing")), Ending.RAISED, "by nothing", "ZeroDivisionError")
    ends(raising(SystemExit(3)), Ending.RAISED, "3", "SystemExit")
    ends(raising(KeyboardInterrupt()), Ending.RAISED, "", "KeyboardInterrupt")
    ends(raising(Unpicklable("text")), Ending.RAISED, "text", "Unpicklable")
    ends(raising(WithoutText()), Ending.RAISED, "", "WithoutText")


def test_a_long_text_is_cut():
    (outcome,) = run(raising(ValueError("long " * 1_000_000)))
    assert len(outcome.text) == 500


def test_sys_exit():
    ends(sys.exit, Ending.RAISED, exception="SystemExit")


@pytest.mark.parametrize("value", [lambda: 1, Unpicklable(), threading.Lock()])
def test_an_answer_that_cannot_be_pickled(value):
    outcome, after = run(lambda: value, lambda: 1)
    assert outcome.ending is Ending.RAISED
    assert "cannot be pickled" in outcome.text
    assert after.value == 1


def test_an_answer_that_cannot_be_unpickled():
    ends(Reborn, Ending.RAISED, "cannot be unpickled", "ValueError")


def test_a_large_answer():
    for outcome in run(*[lambda: np.arange(1_250_000.0)] * 3):
        np.testing.assert_array_equal(outcome.value, np.arange(1_250_000.0))


def test_answers_come_in_the_order_of_the_jobs():
    def task(job):
        time.sleep(0.1 if job % 5 == 0 else 0)
        return job**2

    with Worker(task, 2.0, at_once=3) as worker:
        assert [(job, outcome.value) for job, outcome in worker.run(range(12))] == [
            (job, job**2) for job in range(12)
        ]
    assert_nothing_left()


def test_one_at_a_time_reads_no_job_ahead():
    seen = []

    def jobs():
        for job in range(5):
            assert seen == list(range(job))
            yield job

    with Worker(lambda job: job, 2.0, at_once=1) as worker:
        for job, _ in worker.run(jobs()):
            seen.append(job)
    assert seen == [0, 1, 2, 3, 4]


def test_no_jobs():
    assert run() == []


def test_many_jobs():
    with Worker(lambda job: job + 1, 2.0) as worker:
        assert [outcome.value for _, outcome in worker.run(range(150))] == list(range(1, 151))
    assert_nothing_left()


def test_jobs_see_the_state_as_it_was():
    def spoil():
        STATE["array"] += 1
        STATE["new"] = 1
        return np.random.random(), random.random(), STATE["array"].sum(), len(STATE)  # noqa: NPY002

    before = np.random.random(), random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)
    outcomes = run(*[spoil] * 4)
    assert len({outcome.value for outcome in outcomes}) == 1
    assert outcomes[0].value[2:] == (3.0, 2)
    assert STATE["array"].tolist() == [0, 0, 0]
    assert list(STATE) == ["array"]
    assert (np.random.random(), random.random()) == outcomes[0].value[:2]  # noqa: NPY002
    assert before != outcomes[0].value[:2]


def test_closures_are_there_without_being_pickled():
    lock, array = threading.Lock(), np.arange(3)
    (outcome,) = run(lambda: (lock.locked(), array.sum()))
    assert outcome.value == (False, 3)


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        (lambda there: (there / "new").write_text("x"), "writes to"),
        (lambda there: (there / "old").open("a"), "writes to"),
        (lambda there: (there / "old").open("r+"), "writes to"),
        (lambda there: os.open(there / "old", os.O_RDWR), "writes to"),
        (lambda there: np.save(there / "new", np.ones(3)), "writes to"),
        (lambda there: np.ones(3).tofile(there / "new"), "writes to"),
        (lambda there: np.memmap(there / "old", dtype="u1", mode="r+"), "writes to"),
        (lambda there: (there / "old").unlink(), "removes"),
        (lambda there: (there / "old").rename(there / "new"), "renames"),
        (lambda there: (there / "old").replace(there / "new"), "renames"),
        (lambda there: (there / "old").chmod(0), "changes the rights of"),
        (lambda there: os.truncate(there / "old", 0), "truncates"),
        (lambda there: os.utime(there / "old", (0, 0)), "changes the times of"),
        (lambda there: (there / "new").mkdir(), "creates"),
        (lambda there: (there / "folder").rmdir(), "removes"),
        (lambda there: (there / "new").symlink_to(there / "old"), "links"),
        (lambda there: (there / "new").hardlink_to(there / "old"), "links"),
        (lambda there: subprocess.run(["touch", there / "new"], check=True), "starts"),
        (lambda there: os.system(f"touch {there / 'new'}"), "starts"),
        (lambda there: os.posix_spawn("/bin/true", ["true"], {}), "starts"),
        (lambda there: os.execv("/bin/true", ["true"]), "becomes"),
        (lambda there: os.fork(), "forks"),
        (lambda there: os.kill(os.getppid(), signal.SIGTERM), "sends a signal to process"),
        (lambda there: ctypes.CDLL("libm.so.6"), "loads the library"),
    ],
)
def test_what_outlasts_a_job_is_refused(tmp_path, attempt, text):
    (tmp_path / "old").write_text("content")
    (tmp_path / "folder").mkdir()
    times = (tmp_path / "old").stat()
    outcome, swallowed = run(lambda: attempt(tmp_path), lambda: suppressed(attempt, tmp_path))
    assert outcome.ending is Ending.REFUSED
    assert outcome.text.startswith(text)
    assert outcome.text.endswith("candidates run without files, network and other processes")
    assert swallowed == Outcome(Ending.ANSWERED, "went on")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "old"]
    assert (tmp_path / "old").read_text() == "content"
    assert (tmp_path / "old").stat().st_mtime == times.st_mtime


def suppressed(attempt, *arguments):
    try:
        attempt(*arguments)
    except PermissionError:
        return "went on"


def test_no_connection_arrives():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        server.setblocking(False)

        def send():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outlet:
                outlet.sendto(b"x", address)

        outcomes = run(
            lambda: socket.create_connection(address),
            lambda: socket.create_server(("127.0.0.1", 0)),
            send,
            lambda: socket.getaddrinfo("localhost", 80),
        )
        assert {outcome.ending for outcome in outcomes} == {Ending.REFUSED}
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_connection_that_is_there_already_is_cut():
    here, there = socket.socketpair()
    with here, there:
        (outcome,) = run(lambda: here.send(b"x"))
        assert outcome.ending is Ending.RAISED
        there.setblocking(False)
        with pytest.raises(BlockingIOError):
            there.recv(1)
        here.send(b"y")
        assert there.recv(1) == b"y"


def test_files_that_are_open_already(tmp_path):
    (tmp_path / "read").write_text("0123456789" * 5_000)
    with (tmp_path / "write").open("w") as sink, (tmp_path / "read").open() as spring:
        sink.write("parent ")
        assert spring.read(1) == "0"

        def job():
            sink.write("child " * 10_000)
            sink.flush()
            return spring.read(30_000)

        outcomes = run(*[job] * 4)
        assert {outcome.value for outcome in outcomes} == {("0123456789" * 5_000)[1:30_001]}
        assert spring.read() == ("0123456789" * 5_000)[1:]
        sink.write("again")
    assert (tmp_path / "write").read_text() == "parent again"


def test_reading_and_importing_are_allowed(tmp_path):
    (tmp_path / "numbers").write_text("1 2 3")
    (tmp_path / "imported_by_a_job.py").write_text("VALUE = 5\n")

    def job():
        sys.path.insert(0, str(tmp_path))
        import imported_by_a_job

        return np.loadtxt(tmp_path / "numbers").sum() + imported_by_a_job.VALUE

    (outcome,) = run(job)
    assert outcome.value == 11
    assert "imported_by_a_job" not in sys.modules
    assert not (tmp_path / "__pycache__").exists()


def test_nothing_is_printed(capfd):
    def job():
        for _ in range(20_000):
            print("much " * 10)
            print("much", file=sys.stderr)
        os.write(1, b"much")
        os.write(2, b"much")
        return sys.stdin.read()

    (outcome,) = run(job)
    assert outcome.value == ""
    assert capfd.readouterr() == ("", "")


def test_warnings_do_not_stop_a_job():
    def job():
        warnings.warn("beware", stacklevel=1)
        return np.float64(1) / np.float64(0)

    (outcome,) = run(job)
    assert outcome.value == np.inf


def test_the_parent_is_as_before():
    tracer = sys.gettrace()
    filters = list(warnings.filters)
    handler = signal.getsignal(signal.SIGINT)
    files = open_files()
    run(lambda: 1, forever, lambda: os._exit(1), limit=0.1)
    assert sys.gettrace() is tracer
    assert warnings.filters == filters
    assert signal.getsignal(signal.SIGINT) is handler
    assert open_files() == files


def test_what_the_parent_does_at_its_end_is_not_done_by_a_job(tmp_path):
    program = (
        "import atexit, sys\n"
        "from gradproof.repair.sandbox import Worker\n"
        "atexit.register(print, 'at exit')\n"
        "print('unflushed', end=' ')\n"
        "with Worker(lambda job: job, 2.0) as worker:\n"
        "    print([outcome.value for _, outcome in worker.run([1, 2])])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "unflushed [1, 2]\nat exit\n"


def test_closing_early_leaves_nothing():
    with Worker(lambda job: job(), 30.0) as worker:
        running = worker.run([lambda: 1, forever, forever, forever])
        assert next(running)[1].value == 1
        running.close()
        assert_nothing_left()


def test_leaving_the_block_ends_what_is_under_way():
    with Worker(lambda job: job(), 30.0) as worker:
        running = worker.run([lambda: 1, forever, forever])
        next(running)
    assert_nothing_left()


def test_an_error_among_the_jobs_leaves_nothing():
    def jobs():
        yield forever
        raise RuntimeError("no more jobs")

    with Worker(lambda job: job(), 30.0, at_once=2) as worker:
        with pytest.raises(RuntimeError, match="no more jobs"):
            next(worker.run(jobs()))
        assert_nothing_left()


def interrupted(worker, jobs, delay):
    """Run jobs until Ctrl-C, ``delay`` seconds after the start, however late that is."""
    timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))

    def run():
        timer.start()
        deque(worker.run(jobs), maxlen=0)

    with pytest.raises(KeyboardInterrupt):
        run()
    timer.join()


def test_ctrl_c_leaves_nothing():
    with Worker(lambda job: job(), 30.0) as worker:
        interrupted(worker, [forever, forever], 0.3)
        assert_nothing_left()


def test_ctrl_c_again_and_again_forgets_no_process():
    files = open_files()
    for delay in np.random.default_rng(5).uniform(0.01, 0.04, size=20):
        with Worker(lambda job: job, 30.0) as worker:
            interrupted(worker, range(10_000), delay)
        assert_nothing_left()
    assert open_files() == files


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit of time ends it")
def test_a_job_dies_with_the_parent(tmp_path):
    program = (
        "import os, sys\n"
        "from gradproof.repair.sandbox import Worker\n"
        "def job(_):\n"
        "    while True: pass\n"
        "with Worker(job, 60.0, at_once=1) as worker:\n"
        "    import threading\n"
        "    def tell():\n"
        "        print(worker._children[0].pid, flush=True)\n"
        "    threading.Timer(0.3, tell).start()\n"
        "    next(worker.run([1]))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.kill()
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists() or _is_zombie(pid):
            return
        time.sleep(0.01)
    pytest.fail("the job goes on")


def _is_zombie(pid):
    """In a container nobody may wait for orphans."""
    return ") Z " in Path(f"/proc/{pid}/stat").read_text()


def test_threads_of_the_parent_do_no_harm():
    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    try:
        (outcome,) = run(threading.active_count)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert outcome.value == 1


def test_a_worker_in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.extend(run(lambda: 1, forever, limit=0.2)))
    thread.start()
    thread.join()
    assert [outcome.ending for outcome in found] == [Ending.ANSWERED, Ending.LATE]


def test_somebody_else_may_wait_for_the_processes():
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        outcomes = run(lambda: 1, lambda: os._exit(3), forever, limit=0.3)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert [outcome.ending for outcome in outcomes] == [Ending.ANSWERED, Ending.DIED, Ending.LATE]


def test_torch_in_the_parent():
    torch = pytest.importorskip("torch")
    square = torch.ones(500, 500, requires_grad=True)
    (square @ square).sum().backward()

    def job():
        square.grad = None
        (square @ square).sum().backward()
        return (square @ square).sum().item(), square.grad.sum().item()

    for outcome in run(*[job] * 3, limit=10.0):
        assert outcome.value == (500.0**3, 2 * 500.0**3)


def test_jax_in_the_parent():
    jax = pytest.importorskip("jax")
    assert jax.numpy.ones(3).sum() == 3
    (outcome,) = run(lambda: np.ones((300, 300)) @ np.ones(300))
    assert outcome.value.sum() == 300 * 300


def test_without_fork_there_is_no_worker(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(UsageError, match=r"os\.fork"):
        Worker(run, 1.0)

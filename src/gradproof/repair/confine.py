"""The process of a candidate cut off from the world, before its code runs.

This is a net under accidents: an edited function must not delete a file because an edit swapped
two names. It is no sandbox against malice. Python's own ways to write, connect and start
processes are closed, open files are exchanged for the null device, and no byte can be added to
a file; but a library in C that opens a file itself can still create or empty one, and memory
that processes share on purpose (``np.memmap`` for writing, shared tensors) stays shared.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import fcntl
import gc
import math
import os
import resource
import signal
import stat
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15  # from linux/prctl.h
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

# What a list of processes calls a job.
_NAME = b"gradproof job"

# Bytes that a job may take beyond what the calling process has, and as much memory again.
_ROOM = 4 << 30


class Refused(PermissionError):  # noqa: N818 - a person reads the name
    """Raised where a candidate is about to do what would outlast it."""


def cores() -> int:
    """How many cores a process may use."""
    alike = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if alike else os.cpu_count() or 1


def confine(seconds: float, pipe: int, parent: int) -> list[str]:
    """Cut this process off from the world; what it is refused will be in the list.

    It may take so many ``seconds``. ``pipe`` alone stays open for writing. The process ends when
    its ``parent`` does.
    """
    gc.freeze()  # what is garbage of the parent is not to be finalized here
    sys.settrace(None)
    sys.setprofile(None)
    threading.settrace(None)
    threading.setprofile(None)
    faulthandler.disable()
    warnings.simplefilter("ignore")
    sys.dont_write_bytecode = True
    os.setsid()  # the terminal's Ctrl-C is for the parent
    _die_with(parent)
    _set_limits(seconds)
    _exchange_files(pipe)
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "set_num_threads"):
        torch.set_num_threads(1)  # the threads of its pool are the parent's
    _keep_what_is_compiled(math.inf)
    refused: list[str] = []
    sys.addaudithook(partial(_guard, refused))
    return refused


# What is refused to the job that runs in this process just now.
_now: list[list[str]] = []


@contextlib.contextmanager
def guarded() -> Iterator[list[str]]:
    """Within this block this process is refused what a job is; that will be in the list."""
    if not _now:
        sys.addaudithook(_guard_now)  # which nobody can take away again
        _now.append([])
    refused: list[str] = []
    before = _keep_what_is_compiled(math.inf)
    _now.append(refused)
    try:
        yield refused
    finally:
        _now.pop()
        _keep_what_is_compiled(before)


_SECONDS = "jax_persistent_cache_min_compile_time_secs"


def _keep_what_is_compiled(seconds: float) -> float:
    """From how long a compilation on JAX keeps it in a file, where the user has such a folder."""
    config: Any = getattr(sys.modules.get("jax"), "config", None)
    before: float = getattr(config, _SECONDS, 0.0)
    if hasattr(config, _SECONDS):
        config.update(_SECONDS, seconds)
    return before


def _guard_now(event: str, arguments: tuple[Any, ...]) -> None:
    if len(_now) > 1:
        _guard(_now[-1], event, arguments)


def _die_with(parent: int) -> None:
    """On Linux this process dies with the parent; elsewhere by its limit of processor time."""
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, ctypes.c_char_p(_NAME), 0, 0, 0)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _exchange_files(pipe: int) -> None:
    """The null device for all that could be written to, and a place of one's own in the rest."""
    null = os.open(os.devnull, os.O_RDWR)
    names = os.listdir("/dev/fd")  # noqa: PTH208 - the names are what is wanted
    for number in {0, 1, 2, *map(int, names)} - {null, pipe}:
        with contextlib.suppress(OSError):  # one of them was the folder itself
            reading = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
            if number > 2 and reading:
                _read_apart(number)
            else:
                os.dup2(null, number)
    sys.stdin = open(os.devnull)  # noqa: SIM115, PTH123 - until the process ends
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123


def _read_apart(number: int) -> None:
    """Open a file again: a fork shares the place in it, and two would read from each other."""
    if stat.S_ISREG(os.fstat(number).st_mode):
        again = os.open(f"/proc/self/fd/{number}", os.O_RDONLY)
        os.lseek(again, os.lseek(number, 0, os.SEEK_CUR), os.SEEK_SET)
        os.dup2(again, number)
        os.close(again)


def _set_limits(seconds: float) -> None:
    _set_limit(resource.RLIMIT_CORE, 0)
    # Files that a library in C opens past the guard stay as long as they are.
    _set_limit(resource.RLIMIT_FSIZE, 0)
    # Were the parent gone, nobody would look at the clock.
    _set_limit(resource.RLIMIT_CPU, math.ceil(seconds * cores()) + 1)
    with contextlib.suppress(OSError):  # only Linux has this file
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        taken = (int(pages[0]) + int(pages[1])) * resource.getpagesize()
        _set_limit(resource.RLIMIT_AS, taken + _ROOM)


def _set_limit(which: int, value: int) -> None:
    _, most = resource.getrlimit(which)
    if most != resource.RLIM_INFINITY:
        value = min(value, most)
    with contextlib.suppress(ValueError, OSError):  # a system may lack one of them
        resource.setrlimit(which, (value, most))


_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# Audit events that a job does not get away with: what is said, the argument that it is about, and
# the events. Not here: what ends with the process (chdir, putenv, a socket that is not used).
_VERBS: tuple[tuple[str, int | None, str], ...] = (
    # Files and folders, and what is written beside their content.
    ("removes", 0, "os.remove os.rmdir"),
    ("renames", 0, "os.rename"),
    ("creates", 0, "os.mkdir"),
    ("links", 1, "os.link os.symlink"),
    ("truncates", 0, "os.truncate"),
    ("changes the rights of", 0, "os.chmod"),
    ("changes the owner of", 0, "os.chown"),
    ("changes the flags of", 0, "os.chflags"),
    ("changes the times of", 0, "os.utime"),
    ("changes the attributes of", 0, "os.setxattr os.removexattr"),
    # Its files are opened in C, where no event is raised.
    ("opens the database", 0, "sqlite3.connect"),
    ("writes to the system's log", None, "syslog.syslog"),
    # Other machines, and other processes on this one.
    ("connects to", 1, "socket.connect"),
    ("listens at", 1, "socket.bind"),
    ("sends to", 1, "socket.sendto socket.sendmsg"),
    ("asks for the address of", 0, "socket.getaddrinfo socket.gethostbyname socket.gethostbyaddr"),
    ("opens in a browser", 0, "webbrowser.open"),
    ("sends a signal to process", 0, "os.kill"),
    ("sends a signal to processes", 0, "os.killpg"),
    # A new process: this guard does not reach into all of them, and they may outlive the job.
    ("starts", 0, "subprocess.Popen os.system os.posix_spawn pty.spawn"),
    ("becomes", 0, "os.exec"),
    ("forks", None, "os.fork os.forkpty"),
    # What is called in a library loaded this way raises no event at all.
    ("loads the library", 0, "ctypes.dlopen"),
)
_REFUSED = {event: (verb, place) for verb, place, events in _VERBS for event in events.split()}


def _guard(refused: list[str], event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook: raises where a job is about to do what outlasts it."""
    if event == "open":
        said = _written(*arguments)
    elif event == "os.kill" and arguments[0] == os.getpid():
        said = ""
    elif event in _REFUSED:
        verb, place = _REFUSED[event]
        said = verb if place is None else f"{verb} {arguments[place]}"
    else:
        return
    if said:
        refused.append(f"{said}: candidates run without files, network and other processes")
        raise Refused(refused[-1])


def _written(path: Any, mode: Any, flags: Any) -> str:  # noqa: ARG001
    # A number is a file that is open already, and those that could be written to are null.
    harmless = isinstance(path, int) or path in (os.devnull, os.devnull.encode())
    return "" if harmless or not flags & _WRITING else f"writes to {path}"

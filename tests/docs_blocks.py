"""The code blocks of a page: read them, run them in order, hold what they print against the page.

A page is one session in an empty folder:

- `python` runs, all blocks of a page in one namespace, as the one file ``example.py``;
- `text` is what the `python` block above it prints, or the exception that it raises;
- `console` holds commands (`$ …`), each followed by what it prints;
- a block with a caption is a file of that name, a `diff` with a caption an edit of that file;
- in a `python` block, ``expression  # → text`` promises what ``str`` makes of the expression.

A word ``…`` stands for anything that was left out. Times are not compared. Figures below 1e-3 and
numbers of evaluations follow the round-off, and so the machine: they are compared roughly.

    python tests/docs_blocks.py docs/tutorial.md    # writes what is printed now into the page
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import linecache
import math
import os
import re
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

LANGUAGES = {"python", "text", "console", "diff"}  # of blocks that are run or compared
SHOWN = {"sh", "yaml", "toml", "ini", "json", "xml"}  # of blocks that are read, or are files

_FENCE = re.compile(r"^(`{3,})\s*(?:\{code-block\}\s*)?([a-z]*)\s*$")
_CAPTION = re.compile(r"^:caption: (\S+)\n+")
_PROMISE = re.compile(r"# → (.+)$")
_ERROR = re.compile(r"^\S*(Error|Exception|Warning)\b", re.MULTILINE)
_GAP = "…"

_TIME = re.compile(r"\b\d+(\.\d+)? ?(s|ms|min|h)\b")
_RULE = re.compile(r"([=_])\1{2,}")
_NUMBER = re.compile(r"^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$")
_ROUND_OFF = 1e-3
_FACTOR = 10.0
_MORE = 1.3


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``line`` is that of its first line of code, from 1."""

    language: str
    code: str
    line: int
    caption: str | None = None


def read(page: str) -> list[Block]:
    """The fenced blocks of a page, except those of Sphinx's own directives."""
    blocks: list[Block] = []
    lines = page.split("\n")
    number = 0
    while number < len(lines):
        opened = re.match(r"^\s*(`{3,})", lines[number])
        number += 1
        if opened is None:
            continue
        begin = number
        while lines[number].strip() != opened[1]:
            number += 1
        fence = _FENCE.match(lines[begin - 1])
        if fence is not None:
            code = "\n".join([*lines[begin:number], ""])
            caption = _CAPTION.match(code)
            if caption is not None:
                begin += caption[0].count("\n")
                code = code[caption.end() :]
            blocks.append(Block(fence[2], code, begin + 1, caption and caption[1]))
        elif not re.match(r"^`{3,}\{[a-z:-]+\}", lines[begin - 1]):
            raise ValueError(f"line {begin}: this fence is not read: {lines[begin - 1]!r}")
        number += 1
    return blocks


class Broken(AssertionError):
    """A block does not do what the page says."""

    def __init__(self, block: Block, message: str) -> None:
        super().__init__(f"line {block.line}: {message}\n{block.code}")


class Raised(Exception):
    """A `python` block raised; that is right where the page shows the exception."""

    def __init__(self, block: Block, printed: str) -> None:
        super().__init__(f"line {block.line} raised:\n{printed}\n{block.code}")


@dataclass
class Session:
    """One page under way in a folder.

    ``fresh`` holds what each block of output would have to be, by its line; where ``lenient``, a
    block that shows something else is no fault.
    """

    folder: Path
    lenient: bool = False
    fresh: dict[int, str] = field(default_factory=dict)
    namespace: dict[str, object] = field(default_factory=lambda: {"__name__": "__main__"})
    written: str = ""
    printed: str | None = None
    raised: Raised | None = None
    status: int = 0

    def run(self, block: Block) -> None:
        """Do what a block asks for, and raise ``Broken`` where it does not come out."""
        empty = self.lenient and not block.code.strip()  # to be written
        told = block.language == "text" and (empty or _ERROR.search(block.code))
        if self.raised is not None and not told:
            raise self.raised
        if block.caption is not None:
            (self._edit if block.language == "diff" else self._write)(block)
        elif block.language == "text":
            self._text(block)
        elif block.language == "console":
            self._command_lines(block)
        elif block.language == "python":
            self._python(block)

    def end(self) -> None:
        """After the last block."""
        self.forget_modules()
        if self.raised is not None:
            raise self.raised

    def _hold(self, block: Block, promised: str, printed: str, command: str = "") -> str:
        """What the page should show: what it shows, if that is what was printed."""
        if alike(promised, printed):
            return promised
        if self.lenient:
            plain = "".join(line.rstrip() + "\n" for line in printed.rstrip("\n").split("\n"))
            return shortened(plain, promised)
        about = f" of {command!r}" if command else ""
        raise Broken(block, f"what is printed{about} is this instead:\n{printed}\n")

    def _text(self, block: Block) -> None:
        if self.printed is None:
            raise Broken(block, "nothing above it prints anything")
        self.fresh[block.line] = self._hold(block, block.code, self.printed)
        self.printed = self.raised = None

    def _write(self, block: Block) -> None:
        (self.folder / str(block.caption)).write_text(block.code, "utf-8")
        self.forget_modules()

    def _edit(self, block: Block) -> None:
        path = self.folder / str(block.caption)
        source = path.read_text("utf-8")
        for old, new in _replacements(block.code):
            if source.count(old) != 1:
                raise Broken(block, f"{old!r} is {source.count(old)} times in {block.caption}")
            source = source.replace(old, new)
        path.write_text(source, "utf-8")
        self.forget_modules()

    def forget_modules(self) -> None:
        """A file of the page is imported afresh once it has changed."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file is not None and Path(file).is_relative_to(self.folder):
                del sys.modules[name]
        importlib.invalidate_caches()
        linecache.checkcache()

    def _command_lines(self, block: Block) -> None:
        """Each command with what it prints; the status of one is ``$?`` in the next."""
        shown = ""
        for command, promised in _commands(block):
            done = subprocess.run(
                ["bash", "-c", f"(exit {self.status}); {command}"],
                cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                text=True, encoding="utf-8", stdin=subprocess.DEVNULL,
            )  # fmt: skip
            self.status = done.returncode
            if done.returncode == 127:
                raise Broken(block, f"there is no such command: {command}")
            shown += f"$ {command}\n{self._hold(block, promised, done.stdout, command)}"
        self.fresh[block.line] = shown

    def _python(self, block: Block) -> None:
        """Run it as the next lines of ``example.py``, which findings then quote."""
        before = self.written.count("\n")
        self.written += block.code
        path = self.folder / "example.py"
        path.write_text(self.written, "utf-8")
        linecache.checkcache()
        with contextlib.redirect_stdout(io.StringIO()) as out:
            try:
                self._execute(block, "\n" * before + block.code, path)
            except Broken:
                raise
            except Exception as error:  # noqa: BLE001 - the page may show it
                print(*traceback.format_exception_only(error), sep="", end="")
                self.raised = Raised(block, out.getvalue())
        self.printed = out.getvalue()

    def _execute(self, block: Block, code: str, path: Path) -> None:
        lines, statements = code.split("\n"), ast.parse(code).body
        ends = {(statement.end_lineno or 0) - 1 for statement in statements}
        if any(_PROMISE.search(line) for i, line in enumerate(lines) if i not in ends):
            raise Broken(block, "a promise stands only behind an expression of the page itself")
        imports = _imports(self.written)
        for statement in statements:
            promise = _PROMISE.search(lines[(statement.end_lineno or 0) - 1])
            if promise is None:
                module = ast.fix_missing_locations(ast.Module([imports, statement], []))
                exec(compile(module, str(path), "exec", dont_inherit=True), self.namespace)
                continue
            if not isinstance(statement, ast.Expr):
                raise Broken(block, "only an expression has a value")
            expression = ast.Expression(statement.value)
            value = str(
                eval(compile(expression, str(path), "eval", dont_inherit=True), self.namespace)
            )
            if not alike(promise[1], value):
                raise Broken(block, f"{promise[0]!r} is not kept: it is {value}")


def _imports(source: str) -> ast.If:
    """The imports of a file, under a condition that is never true.

    In the code of a function Python calls ``np.sum`` in another way where it has seen ``import
    numpy as np``. A statement that is compiled alone has to give the code that the file would.
    """
    found = [s for s in ast.parse(source).body if isinstance(s, ast.Import | ast.ImportFrom)]
    return ast.If(ast.Constant(value=False), [*found, ast.Pass()], [])


def play(
    page: str, folder: Path, skip: frozenset[str] = frozenset(), *, lenient: bool = False
) -> dict[int, str]:
    """Run all blocks of a page but those whose first line is among ``skip``.

    Returns what each block of output would have to be, by its line.
    """
    session = Session(folder, lenient)
    with _at_home_in(folder):
        for block in read(page):
            if block.code.split("\n")[0] not in skip:
                session.run(block)
        session.end()
    return session.fresh


@contextlib.contextmanager
def _at_home_in(folder: Path):
    here, environ, path = Path.cwd(), dict(os.environ), list(sys.path)
    os.chdir(folder)
    os.environ |= environment()
    for name in os.environ.keys() - environment().keys():
        del os.environ[name]
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(environ)
        sys.path[:] = path


def environment() -> dict[str, str]:
    """The reader's: 80 columns, no CI, and the commands that are installed beside Python."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "PYTEST_"))}
    for name in ("CI", "FORCE_COLOR", "PY_COLORS", "NO_COLOR"):
        kept.pop(name, None)
    commands = str(Path(sys.executable).parent)
    return kept | {
        "PATH": commands + os.pathsep + kept.get("PATH", ""),
        "COLUMNS": "80",
        "MPLBACKEND": "agg",
        "PYTHONDONTWRITEBYTECODE": "1",  # a file is edited within the second
        "PYTHONWARNINGS": "default",
        "PYTHONIOENCODING": "utf-8",
    }


def _commands(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, each with what the page says that it prints."""
    pieces = re.split(r"^\$ (.*)\n", block.code, flags=re.MULTILINE)
    if pieces[0].strip():
        raise Broken(block, "a console block begins with `$ `")
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def _replacements(diff: str) -> list[tuple[str, str]]:
    """What a diff replaces by what, run of lines by run of lines."""
    found = re.findall(r"((?:^-.*\n)*)((?:^\+.*\n)*)", diff, re.MULTILINE)
    return [
        ("".join(line[1:] + "\n" for line in old.splitlines()),
         "".join(line[1:] + "\n" for line in new.splitlines()))
        for old, new in found
        if old
    ]  # fmt: skip


def alike(promised: str, printed: str) -> bool:
    """Whether a page shows what was printed, but for layout, times and the size of round-off."""
    pieces, words = [[]], _words(printed)
    for word in _words(promised):
        if word == _GAP:
            pieces.append([])
        else:
            pieces[-1].append(word)
    if len(pieces) == 1:
        return _same(pieces[0], words)
    first, *middle, last = pieces
    if not (_same(first, words[: len(first)]) and len(words) >= len(first) + len(last)):
        return False
    if last and not _same(last, words[-len(last) :]):
        return False
    words = words[len(first) : len(words) - len(last)]
    for piece in middle:
        places = range(len(words) - len(piece) + 1)
        at = next((i for i in places if _same(piece, words[i : i + len(piece)])), None)
        if at is None:
            return False
        words = words[at + len(piece) :]
    return True


def _words(text: str) -> list[str]:
    return _RULE.sub(r"\1", _TIME.sub("0 s", text)).split()


def _same(promised: list[str], printed: list[str]) -> bool:
    if len(promised) != len(printed):
        return False
    following = [*printed[1:], ""]
    return all(map(_same_word, promised, printed, following))


def _same_word(one: str, other: str, following: str = "") -> bool:
    if one == other:
        return True
    one, other = one.strip("(),.:;×%"), other.strip("(),.:;×%")
    if not (_NUMBER.match(one) and _NUMBER.match(other)):
        return False
    low, high = sorted(map(float, (one, other)))
    if following.startswith("evaluations"):
        return high <= _MORE * low
    if following == "±" and 0 <= low <= high < _ROUND_OFF:
        return True  # round-off itself; its bar follows
    if math.isclose(low, high, rel_tol=_ROUND_OFF):
        return True
    return 0 < low <= high < _ROUND_OFF and high <= _FACTOR * low


# Writing what is printed into a page


def renewed(page: str, folder: Path, skip: frozenset[str] = frozenset()) -> str:
    """The page with what its blocks print now, where that is not what it shows."""
    lines = page.split("\n")
    shown = {block.line: block.code for block in read(page)}
    for line, text in sorted(play(page, folder, skip, lenient=True).items(), reverse=True):
        lines[line - 1 : line - 1 + shown[line].count("\n")] = text.splitlines()
    return "\n".join(lines)


def shortened(printed: str, before: str) -> str:
    """What is printed, with lines left out where they were left out before.

    The lines around each gap are found again by what they look like.
    """
    old, new = before.splitlines(), printed.splitlines()
    gaps = [i for i, line in enumerate(old) if line.strip() == _GAP]
    kept, at = list[str](), 0
    for gap in gaps:
        end = at if gap == 0 else 1 + _nearest(old[gap - 1], new, at)
        resumed = len(new) if gap + 1 == len(old) else _nearest(old[gap + 1], new, end)
        kept += [*new[at:end], old[gap]]
        at = resumed
    found = "".join(line + "\n" for line in [*kept, *new[at:]])
    return found if gaps and alike(found, printed) else printed


def _nearest(line: str, lines: list[str], first: int) -> int:
    """The place of the line that looks most like one, from a place on."""
    places = range(first, len(lines))
    return max(places, key=lambda i: SequenceMatcher(None, line, lines[i]).ratio(), default=first)


def main(pages: list[str]) -> None:
    """Renew pages in place."""
    from test_docs import skipped

    for page in (Path(page).resolve() for page in pages):
        with tempfile.TemporaryDirectory() as folder:
            text = page.read_text("utf-8")
            fresh = renewed(text, Path(folder).resolve(), skipped(page))
        if fresh != text:
            page.write_text(fresh, "utf-8")
        print(f"{page.name}: {'renewed' if fresh != text else 'as it was'}")


if __name__ == "__main__":
    main(sys.argv[1:])

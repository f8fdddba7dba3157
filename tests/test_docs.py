"""The code blocks of the documentation run, and come to the verdicts that they name."""

import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^## ", re.MULTILINE)


def sections():
    for page in sorted(DOCS.glob("*.md")):
        for text in SECTION.split(page.read_text("utf-8")):
            blocks = BLOCK.findall(text)
            if blocks:
                title = text.partition("\n")[0]
                yield pytest.param("\n".join(blocks), id=f"{page.stem}: {title}")


@pytest.mark.parametrize("code", list(sections()))
def test_a_section_runs(code, capsys):
    namespace = {"__name__": "docs"}
    exec(compile(code, "docs", "exec"), namespace)
    printed = capsys.readouterr().out
    promised = re.findall(r"# (WRONG|The VJP is right, the JVP is wrong)", code)
    for text in promised:
        assert text in " ".join(printed.split())
    assert "gp" in namespace
    assert sys.modules["gradproof"] is namespace["gp"]

"""The addresses of this package, and the README as a package index shows it.

Both follow from where the repository lies: an ``https`` address that git knows as ``origin``. In a
source distribution they stand in its metadata. Without one, links into this folder become text.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https?:)([^)]*)\)\n*")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)]*)\)")
# What the forges understand: the newest version of a file, as a page and as it is.
_PAGES = {"Documentation": "blob/HEAD/docs/index.md", "Changelog": "blob/HEAD/CHANGELOG.md"}


def alone(text: str, home: str | None = None) -> str:
    """A page without its folder: links and pictures lead to ``home``, or are left out."""
    kept: list[str] = []

    def put_aside(code: re.Match[str]) -> str:
        kept.append(code.group())
        return f"\0{len(kept) - 1}\0"

    picture = "" if home is None else rf"![\1]({home}/raw/HEAD/\2)\n\n"
    link = r"\1" if home is None else rf"[\1]({home}/blob/HEAD/\2)"
    plain = _LINK.sub(link, _PICTURE.sub(picture, _CODE.sub(put_aside, text)))
    return re.sub("\0(\\d+)\0", lambda place: kept[int(place[1])], plain)


def home_of(root: Path) -> str | None:
    """The address of the repository in a folder, where others can reach it."""
    told = root / "PKG-INFO"
    if told.is_file():  # a source distribution
        found = re.search(r"^Project-URL: Source, (\S+)$", told.read_text("utf-8"), re.MULTILINE)
        return found[1] if found else None
    if not (root / ".git").exists():  # or git would answer for a folder around this one
        return None
    command = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:  # no git there
        return None
    # Names and passwords before the host are nobody's business.
    found = re.fullmatch(r"https://(?:[^@/]+@)?([^\s?#]+?)(?:\.git)?/?", answer.strip())
    return f"https://{found[1]}" if found else None


class CustomMetadataHook(MetadataHookInterface):
    """Gives the metadata their README and their addresses."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add them."""
        home = home_of(Path(self.root))
        text = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": alone(text, home)}
        if home is not None:
            pages = {name: f"{home}/{page}" for name, page in _PAGES.items()}
            metadata["urls"] = {"Source": home, **pages, "Issues": f"{home}/issues"}

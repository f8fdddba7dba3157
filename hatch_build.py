"""The README as a package index shows it: alone, so that links into this folder become text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\n*")
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)[^)]*\)")


def alone(text: str) -> str:
    """A page without pictures and links that lead to files beside it; code stays as it is."""
    kept: list[str] = []

    def put_aside(code: re.Match[str]) -> str:
        kept.append(code.group())
        return f"\0{len(kept) - 1}\0"

    plain = _LINK.sub(r"\1", _PICTURE.sub("", _CODE.sub(put_aside, text)))
    return re.sub("\0(\\d+)\0", lambda place: kept[int(place[1])], plain)


class CustomMetadataHook(MetadataHookInterface):
    """Gives the metadata their README."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add it."""
        text = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": alone(text)}

"""The figure that ``Report.plot`` returns; it needs matplotlib, and is imported only for that."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

_DOTS = 96  # per inch, in a notebook


class Picture(Figure):
    """A figure that a notebook shows as it is, without any ``%matplotlib`` before."""

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.savefig(out, format="png", dpi=_DOTS)
        return out.getvalue()

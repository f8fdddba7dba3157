"""The forms of a document: one a file in this folder, and those that others register.

A renderer is a function from a ``Document`` to text. Registered, it has its option on the command
line and in pytest's, and its suffix in ``report.save``. A package that is installed registers one
by an entry point of its name in the group ``gradproof.renderers``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from ...errors import UsageError
from ...registry import Registry
from ..document import Document

Render = Callable[[Document], str]
Index = Callable[[Sequence[Mapping[str, Any]]], str]


@dataclass(frozen=True, slots=True)
class Renderer:
    """One form: how it is asked for, and what makes the text; see ``renderer``."""

    name: str
    about: str
    suffix: str
    needs: tuple[str, str] | None
    index: Index | None
    render: Render

    def require(self) -> None:
        """Raise ``UsageError`` where a module that it needs is not installed."""
        if self.needs is not None and find_spec(self.needs[0]) is None:
            module, brings = self.needs
            raise UsageError(
                f"{self.name.upper()} reports need {module}: pip install '{brings}' brings it."
            )

    def text(self, document: Document) -> str:
        """A document in this form."""
        self.require()
        return self.render(document)


_RENDERERS: Registry[Renderer] = Registry(__name__, "gradproof.renderers")


def renderer(
    name: str,
    about: str,
    *,
    suffix: str = "",
    needs: tuple[str, str] | None = None,
    index: Index | None = None,
) -> Callable[[Render], Render]:
    """Register a function from a ``Document`` to text.

    Parameters
    ----------
    name : str
        The name of its options: ``--name FILE`` of the command, ``--gradproof-name DIR`` of pytest.
    about : str
        What the help of the command says of it.
    suffix : str
        Which files ``report.save`` writes in this form; ``.name`` if left out.
    needs : tuple of str, optional
        A module without which there is no text, and what to install to have it.
    index : callable, optional
        From rows (``label``, ``verdict``, ``href``, ``evaluations``, ``resolution``) to the text
        of a file that lists the checks of a test run.

    Raises
    ------
    UsageError
        The name or the suffix is taken.

    """

    def registered(render: Render) -> Render:
        made = Renderer(name, about, suffix or f".{name}", needs, index, render)
        if any(other.suffix == made.suffix for other in _RENDERERS.entries.values()):
            raise UsageError(f"The suffix {made.suffix!r} is taken: choose another.")
        _RENDERERS.add(name, made)
        return render

    return registered


def renderers() -> dict[str, Renderer]:
    """All that are registered, by name."""
    return _RENDERERS.all()

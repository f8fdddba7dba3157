"""``gradcheck`` and ``gradgradcheck`` with the arguments of those of ``torch.autograd``."""

from __future__ import annotations

from .error import GradcheckError
from .gradchecks import gradcheck, gradgradcheck

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

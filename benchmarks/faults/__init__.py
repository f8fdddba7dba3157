"""Planted gradient faults, each beside its right twin: what a diagnosis is measured on."""

from . import (
    activations,
    attention,
    convolution,
    dense,
    embedding,
    likelihood,
    losses,
    normalisation,
    physics,
    pooling,
    recurrent,
    regression,
    spectra,
    tensors,
)
from .fault import ALL, Entries, Fault

ALL_FAULTS: tuple[Fault, ...] = (
    *dense.FAULTS,
    *activations.FAULTS,
    *convolution.FAULTS,
    *pooling.FAULTS,
    *normalisation.FAULTS,
    *embedding.FAULTS,
    *losses.FAULTS,
    *recurrent.FAULTS,
    *attention.FAULTS,
    *regression.FAULTS,
    *likelihood.FAULTS,
    *tensors.FAULTS,
    *spectra.FAULTS,
    *physics.FAULTS,
)

__all__ = ["ALL", "ALL_FAULTS", "Entries", "Fault"]

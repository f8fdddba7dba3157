"""Derivatives that pbdn_seq returns for complex arguments. Known: D₀(z) = exp(-z²/4)."""

import cmath

from scipy.special import pbdn_seq

PACKAGE = "scipy"

z = 0.7 + 0.4j


def claim():
    return pbdn_seq(3, z)[1][0].real


def truth():
    return (-z / 2 * cmath.exp(-(z**2) / 4)).real

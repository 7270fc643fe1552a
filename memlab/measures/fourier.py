"""Fourier analysis over the cyclic group Z_n."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def frequencies(n: int) -> range:
    """The frequencies 1 to n/2 of the real Fourier basis, without the constant."""
    return range(1, n // 2 + 1)


def spectrum(rows: Floats) -> Floats:
    """(frequency,) norm of `rows` (n, size) at each frequency, without the constant.

    With the orthonormal basis c_k, s_k of cosines and sines over the first axis, the norm of
    frequency k is sqrt(|c_k rows|^2 + |s_k rows|^2) (Nanda et al. 2023, arXiv:2301.05217).
    """
    n = len(rows)
    power = (np.abs(np.fft.rfft(rows, axis=0, norm="ortho")) ** 2).sum(axis=1)
    power *= 2.0  # a real signal has equal power at frequencies k and n - k ...
    if n % 2 == 0:
        power[-1] /= 2.0  # ... which coincide for k = n/2
    return np.asarray(np.sqrt(power[1:]))


def gini(values: Floats) -> float:
    """Gini coefficient of non-negative values: 0 = all equal, near 1 = few large values.

    sum_i (2 i - m - 1) v_i / (m sum_i v_i) over the m values sorted ascending, i from 1.
    """
    ordered = np.sort(values)
    m = len(ordered)
    return float(((2 * np.arange(1, m + 1) - m - 1) * ordered).sum() / (m * ordered.sum()))


def waves(n: int, k: int) -> tuple[Floats, Floats]:
    """cos and sin of 2 pi k (x + y) / n, each (x, y) with norm 1; sin is 0 for k = n/2."""
    x = np.arange(n)
    angle = 2 * np.pi * k * ((x[:, None] + x) % n) / n
    cos, sin = np.cos(angle), np.sin(angle)
    cos /= np.linalg.norm(cos)
    return cos, np.zeros_like(sin) if 2 * k == n else sin / np.linalg.norm(sin)


def cosine_coefficients(logits: Floats) -> Floats:
    """(frequency,) inner products of logits (x, y, z) with cos(2 pi k (x + y - z) / n) of norm 1.

    <L, cos w(x + y - z)> is the real part of the discrete Fourier transform of the sums of L over the
    diagonals x + y - z = constant mod n, so the waves are not built.
    """
    n = len(logits)
    x = np.arange(n)
    diagonal = (x[:, None, None] + x[None, :, None] - x) % n
    sums = np.bincount(diagonal.ravel(), weights=logits.ravel(), minlength=n)  # (x+y-z,)
    inner = np.fft.rfft(sums).real[1:]
    norms = np.full(len(inner), np.sqrt(n**3 / 2))
    if n % 2 == 0:
        norms[-1] = np.sqrt(n**3)
    return np.asarray(inner / norms, np.float64)

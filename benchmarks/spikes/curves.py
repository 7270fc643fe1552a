"""Synthetic loss curves with known spikes.

Heights, slopes and noise are in decades (log10 of the loss). `sigma` is the standard deviation of the
noise of every kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

STEPS = 4000
PLATEAUS = (1.0, 0.0, -1.0, -3.0, -5.0, -7.0, -9.0)
SIGMAS = (0.0, 0.005, 0.02, 0.04, 0.07, 0.1, 0.25, 0.3)
NOISES = ("gauss", "t5", "t8", "ar1")
QUIET_SHAPES = ("flat", "slope", "hump", "ramp", "fall", "change", "descent", "short")
SPIKE_SHAPES = ("single", "double", "on slope", "periodic", "after fall", "diverging")
RANDOM_LOSS = 0.66
"""log10 of ln 97, the loss of random answers: the maximum of spikes"""


@dataclass(frozen=True)
class Label:
    """A spike that was added to a curve."""

    start: int
    """index of the first raised step"""
    rise: int
    """steps to the peak"""
    height: float
    """decades"""
    tau: float
    """steps of the exponential decay"""


@dataclass(frozen=True)
class Sort:
    """The kind of a curve."""

    plateau: float
    """log10 of the loss without trend, noise and spikes"""
    sigma: float
    noise: str
    shape: str


@dataclass(frozen=True)
class Curve:
    """A loss curve and its spikes."""

    loss: NDArray[np.float32]
    sort: Sort
    labels: tuple[Label, ...] = ()
    changes: tuple[int, ...] = ()
    """indices right after a change of settings, at which the detector resets its base"""


def noise(rng: np.random.Generator, kind: str, sigma: float, n: int) -> NDArray[np.float64]:
    """(n,) values with standard deviation `sigma`: Gaussian, Student t (`t5`) or AR(1) with 0.6."""
    if kind == "gauss":
        return sigma * rng.standard_normal(n)
    if kind.startswith("t"):
        freedom = int(kind[1:])
        return sigma * rng.standard_t(freedom, n) / np.sqrt(freedom / (freedom - 2))
    weights = 0.6 ** np.arange(48)
    white = rng.standard_normal(n + 47)
    return sigma * np.convolve(white, weights, "valid") * np.sqrt(1 - 0.36)


def bump(label: Label, n: int) -> NDArray[np.float64]:
    """(n,) a linear rise and an exponential decay, in decades."""
    since = np.arange(n) - label.start + 1.0
    up = np.clip(since / label.rise, 0.0, 1.0)
    down = np.exp(-np.clip(since - label.rise, 0.0, None) / label.tau)
    return label.height * up * down


def quiet_trend(
    rng: np.random.Generator, shape: str, n: int
) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """The trend of a curve without spikes, relative to its plateau, and its `changes`."""
    t = np.arange(n, dtype=np.float64)
    middle = rng.uniform(0.3, 0.7) * n
    if shape == "hump":
        return rng.uniform(0.3, 1.0) * np.exp(
            -(((t - middle) / rng.uniform(150, 400)) ** 2) / 2
        ), ()
    if shape == "ramp":
        return np.clip((t - middle) / rng.uniform(200, 800), 0, 1) * rng.uniform(0.3, 1.0), ()
    if shape == "fall":
        return rng.uniform(1, 4) / (1 + np.exp((t - middle) / rng.uniform(4, 60))), ()
    if shape == "change":
        return np.where((t >= int(middle)) == (rng.random() < 0.5), rng.uniform(0.0, 1.5), 0.0), (
            int(middle),
        )
    if shape == "descent":
        return rng.uniform(1, 3) * np.exp(-t / rng.uniform(50, 500)), ()
    if shape == "slope":
        return -0.3 * t / 1000, ()
    return np.zeros(n), ()


def finish(y: NDArray[np.float64]) -> NDArray[np.float32]:
    """Losses from their log10."""
    return (10.0**y).astype(np.float32)


def quiet_curve(rng: np.random.Generator, sort: Sort) -> Curve:
    """A curve without spikes."""
    n = int(rng.integers(70, 400)) if sort.shape == "short" else STEPS
    trend, changes = quiet_trend(rng, sort.shape, n)
    y = sort.plateau + trend + noise(rng, sort.noise, sort.sigma, n)
    return Curve(finish(y), sort, (), changes)


def height(rng: np.random.Generator, plateau: float, sigma: float) -> float:
    """Half of the spikes have nearly the minimum height, half any height up to random answers."""
    low = max(0.45, 6 * sigma)
    high = max(1.5 * low, min(5.0, RANDOM_LOSS - plateau))
    return float(rng.uniform(low, 1.5 * low if rng.random() < 0.5 else high))


def random_spike(rng: np.random.Generator, start: int, plateau: float, sigma: float) -> Label:
    """A random spike at index `start`."""
    return Label(
        int(start),
        int(rng.integers(1, 11)),
        height(rng, plateau, sigma),
        float(rng.uniform(15, 70)),
    )


def spike_starts(rng: np.random.Generator, shape: str, n: int) -> list[int]:
    """Indices at which spikes start."""
    if shape == "periodic":
        return list(range(int(rng.integers(300, 500)), n - 300, int(rng.integers(250, 600))))
    starts = [int(300 + 700 * i + rng.integers(0, 300)) for i in range(5) if 700 * i + 900 < n]
    if shape == "double":
        starts = [s for first in starts for s in (first, first + int(rng.integers(90, 200)))]
    return starts


def spiky_curve(rng: np.random.Generator, sort: Sort, n: int = STEPS) -> Curve:
    """A curve with spikes."""
    trend = np.zeros(n)
    starts = spike_starts(rng, sort.shape, n)
    if sort.shape == "on slope":
        trend = -0.3 * np.arange(n) / 1000
    if sort.shape == "after fall":
        trend = -2 / (1 + np.exp(-(np.arange(n) - starts[0] + 150) / 10)) + 2
    labels = [random_spike(rng, start, sort.plateau, sort.sigma) for start in starts]
    if sort.shape == "diverging":
        labels = labels[:2]
        labels[-1] = replace(labels[-1], height=max(1.0, labels[-1].height), tau=1e9)
    y = sort.plateau + trend + noise(rng, sort.noise, sort.sigma, n)
    loss = finish(y + sum(bump(label, n) for label in labels))
    if sort.shape == "diverging":
        loss[labels[-1].start + 200 :] = np.nan
    return Curve(loss, sort, tuple(labels))


def quantized_curve(
    rng: np.random.Generator, examples: int, rate: float, spiky: bool, n: int = STEPS
) -> Curve:
    """A curve near zero in float32: the mean over `examples` of losses of a few quanta of 2**-23.

    `rate`: expected quanta per step on the plateau, summed over all examples; 0 gives exact zeros.
    """
    quantum = 2.0**-23 / examples
    base = max(rate * quantum, 1e-10)
    expected = np.full(n, float(rate))
    labels = []
    for start in spike_starts(rng, "single", n) if spiky else ():
        height = rng.uniform(-3.0, RANDOM_LOSS) - np.log10(base)
        labels.append(Label(start, int(rng.integers(2, 11)), height, rng.uniform(15, 70)))
        expected += base / quantum * (10 ** bump(labels[-1], n) - 1)
    loss = rng.poisson(expected) * quantum
    plateau = float(np.log10(base))
    sort = Sort(plateau, 0.0, "quantized", "quantized")
    return Curve(loss.astype(np.float32), sort, tuple(labels))


def quiet_curves(seed: int, repeats: int = 1) -> Iterator[Curve]:
    """Curves without spikes: all noises and shapes, at varying plateaus."""
    rng = np.random.default_rng([seed, 0])
    for i in range(repeats):
        for sigma in SIGMAS:
            for kind in NOISES if sigma else NOISES[:1]:
                for j, shape in enumerate(QUIET_SHAPES):
                    plateau = PLATEAUS[(i + j) % len(PLATEAUS)]
                    yield quiet_curve(rng, Sort(plateau, sigma, kind, shape))
        for examples in (1, 64, 512, 4704):
            for rate in (0.0, 0.02, 0.1, 0.3, 0.7, 1.5, 5.0, 40.0):
                yield quantized_curve(rng, examples, rate, spiky=False)


def spiky_curves(seed: int, repeats: int = 1) -> Iterator[Curve]:
    """Curves with spikes: all noises and shapes, at varying plateaus."""
    rng = np.random.default_rng([seed, 1])
    for i in range(repeats):
        for sigma in SIGMAS:
            for kind in NOISES if sigma else NOISES[:1]:
                for j, shape in enumerate(SPIKE_SHAPES):
                    plateau = PLATEAUS[(i + j) % len(PLATEAUS)]
                    yield spiky_curve(rng, Sort(plateau, sigma, kind, shape))
        for examples in (1, 64, 512, 4704):
            for rate in (0.0, 0.1, 0.7, 5.0):
                yield quantized_curve(rng, examples, rate, spiky=True)

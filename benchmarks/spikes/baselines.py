"""Spike rules of other systems, implemented from their descriptions.

Each function takes a loss curve (step,) and returns flags (step,) of the steps at which the rule raises an
alarm. Constants are the defaults of the systems. Rules that stop training continue after an alarm.
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def windows(loss: Floats, size: int) -> Floats:
    """The `size` steps before each step from number `size` on: (step - size, size)."""
    return sliding_window_view(loss, size)[:-1] if len(loss) > size else np.empty((0, size))


def late(flags: Flags, n: int) -> Flags:
    """Pad flags on the left with False to `n` steps."""
    return np.concatenate((np.zeros(n - len(flags), bool), flags))


def rolling(loss: Floats, size: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the `size` steps before each step from number `size` on."""
    past = windows(loss, size)
    return past.mean(axis=1), past.std(axis=1)


def consecutive(flags: Flags, n: int) -> Flags:
    """True where the step and the `n` - 1 steps before it are all flagged."""
    return late(sliding_window_view(flags, n).all(axis=1), len(flags)) if len(flags) >= n else flags


def llm_c(loss: Floats) -> Flags:
    """llm.c: z score above 6 over a window of 128 that includes the new value."""
    past = windows(np.append(loss, 0.0), 128)
    return late((past[:, -1] - past.mean(axis=1)) / past.std(axis=1) > 6, len(loss))


def olmo_core(loss: Floats) -> Flags:
    """OLMo-core: more than six standard deviations above the mean of the previous 128 steps."""
    mean, std = rolling(loss, 128)
    return late(loss[128:] > mean + 6 * std, len(loss))


def olmo2_score(loss: Floats) -> Flags:
    """Spike score of OLMo 2: more than seven standard deviations above the mean of the last 1,000."""
    mean, std = rolling(loss, 1000)
    return late(loss[1000:] > mean + 7 * std, len(loss))


def mosaic(loss: Floats) -> Flags:
    """llm-foundry: at least twice the mean of the last max(100, 5 %) steps, five times in a row."""
    size = max(100, len(loss) // 20)
    high = loss[size:] >= 2 * windows(loss, size).mean(axis=1)
    return consecutive(late(high, len(loss)), 5)


def lightning(loss: Floats) -> Flags:
    """Lightning: at least three times the mean of the last ten, and above the last."""
    flags = loss[10:] >= 3 * windows(loss, 10).mean(axis=1)
    return late(flags & (loss[10:] > loss[9:-1]), len(loss))


def megatron(loss: Floats) -> Flags:
    """Megatron: at least ten times the maximum of the first hundred."""
    return late(loss[100:] >= 10 * np.nanmax(loss[:100]), len(loss))


def robust_z(loss: Floats) -> Flags:
    """A W&B watcher: 0.6745 (log L - median) / MAD over 100 steps above 8 (upwards only)."""
    y = np.log(np.maximum(loss, 1e-12))
    past = windows(y, 100)
    middle = np.median(past, axis=1)
    mad = np.median(np.abs(past - middle[:, None]), axis=1)
    return late(0.6745 * (y[100:] - middle) > 8 * np.maximum(mad, 1e-9), len(loss))


def composer_averages(loss: Floats) -> Flags:
    """A Composer callback: the mean of 25 steps is above twice the mean of the 1,000 before them."""
    if len(loss) < 200:
        return np.zeros(len(loss), bool)
    total = np.concatenate(([0.0], np.cumsum(np.nan_to_num(loss, nan=0.0, posinf=0.0))))
    end = np.arange(125, len(loss) + 1)
    start = np.maximum(end - 1025, 0)
    fast = (total[end] - total[end - 25]) / 25
    return late(fast > 2 * (total[end - 25] - total[start]) / (end - 25 - start), len(loss))


def cusum(loss: Floats) -> Flags:
    """trainscope: CUSUM of z (median and MAD of 200) with drift 1 and threshold 6 (upwards only)."""
    past = windows(loss, 200)
    middle = np.median(past, axis=1)
    mad = np.median(np.abs(past - middle[:, None]), axis=1)
    steps = (loss[200:] - middle) / np.maximum(1.4826 * mad, 1e-12) - 1
    flags, total = np.zeros(len(steps), bool), 0.0
    for i, step in enumerate(np.nan_to_num(steps, nan=0.0, posinf=1e9).tolist()):
        total = max(0.0, total + step)
        if total > 6:
            flags[i], total = True, 0.0
    return late(flags, len(loss))


def page_hinkley(loss: Floats) -> Flags:
    """river: Page-Hinkley with at least 30 steps, delta 0.005, lambda 50, alpha 0.9999."""
    flags = np.zeros(len(loss), bool)
    n, mean, total, least = 0, 0.0, 0.0, 0.0
    for i, value in enumerate(np.nan_to_num(loss, nan=0.0, posinf=0.0).tolist()):
        n += 1
        mean += (value - mean) / n
        total = 0.9999 * total + value - mean - 0.005
        least = min(least, total)
        if n >= 30 and total - least > 50:
            flags[i], n, mean, total, least = True, 0, 0.0, 0.0, 0.0
    return flags


def differences(loss: Floats) -> Flags:
    """Median of 25, scale from the differences of 128; alarm at z >= 6 once, 4 twice, 3 four times."""
    y = np.log10(np.maximum(loss, 1e-9))
    if len(y) < 130:
        return np.zeros(len(y), bool)
    base = np.median(windows(y, 25), axis=1)[104:]
    change = np.median(windows(np.abs(np.diff(y)), 128), axis=1)
    scale = np.maximum(1.4826 * change / np.sqrt(2), 0.02)
    rise = y[129:] - base
    big, z = rise >= np.log10(2), rise / scale
    four, three = consecutive(big & (z >= 4), 2), consecutive(big & (z >= 3), 4)
    return late((big & (z >= 6)) | four | three, len(y))


BASELINES: dict[str, Callable[[Floats], Flags]] = {
    "llm.c": llm_c,
    "OLMo-core": olmo_core,
    "OLMo 2 score": olmo2_score,
    "llm-foundry": mosaic,
    "Lightning": lightning,
    "Megatron": megatron,
    "W&B watcher": robust_z,
    "Composer averages": composer_averages,
    "trainscope CUSUM": cusum,
    "Page-Hinkley": page_hinkley,
    "differences v2": differences,
}

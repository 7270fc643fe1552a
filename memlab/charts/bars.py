"""Small charts within text: a curve in one line, bars of counts."""

from collections.abc import Sequence

import numpy as np

from memlab.charts.chart import Values
from memlab.charts.decimate import spans
from memlab.charts.scale import Axis, short
from memlab.charts.text import cells, cut, plain

_HEIGHTS = "▁▂▃▄▅▆▇█"
_WIDTHS = " ▏▎▍▌▋▊▉"


def sparkline(values: Values, width: int, *, log: bool = True) -> str:
    """A curve of `width` cells, each at the middle of the values it stands for; blank = none.

    Args:
        values: equally spaced.
        width: cells, >= 1.
        log: logarithmic heights; values that are not positive are left out.
    """
    n = len(values)
    if n == 0:
        return " " * width
    x = Axis.around(0, n - 1, log=False)
    middle = spans([(np.arange(n, dtype=np.float64), values)], x, log, width)[:, 0].mean(axis=0)
    finite = np.isfinite(middle)
    if not finite.any():
        return " " * width
    y = Axis.around(float(middle[finite].min()), float(middle[finite].max()), log=False)
    heights = np.clip(np.floor(y.place(middle[finite]) * 8), 0, 7).astype(int)
    line = np.full(width, " ")
    line[finite] = np.array(list(_HEIGHTS))[heights]
    return "".join(line)


def bars(counts: Sequence[tuple[str, float]], width: int) -> list[str]:
    """One line of at most `width` cells per (label, count >= 0), scaled so that the longest bar
    fits.
    """
    labels = [cut(plain(label), width // 3) for label, _ in counts]
    values = [short(count) for _, count in counts]
    left = max(map(cells, labels), default=0)
    room = width - left - max(map(len, values), default=0) - 2
    largest = max((count for _, count in counts), default=0) or 1
    return [
        f"{' ' * (left - cells(label))}{label} {_bar(count / largest * max(room, 0))} {value}"[
            :width
        ]
        for label, value, (_, count) in zip(labels, values, counts, strict=True)
    ]


def _bar(length: float) -> str:
    eighths = round(length * 8)
    return ("█" * (eighths // 8) + _WIDTHS[eighths % 8]).rstrip()

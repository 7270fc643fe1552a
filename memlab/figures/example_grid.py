"""One value per training example, arranged in a grid."""

import numpy as np
from numpy.typing import NDArray

from memlab.figures.plot import Floats

Integers = NDArray[np.int64]


def example_grid(
    values: Floats,
    row: Integers | None = None,
    column: Integers | None = None,
    shape: tuple[int, int] = (1, 1),
) -> Floats:
    """The values (example,) at their positions in a grid of this shape; NaN in empty cells.

    Without positions, examples fill a grid about twice as wide as high, row by row.
    """
    if row is None or column is None:
        n_columns = max(int(np.ceil(np.sqrt(2 * len(values)))), 1)
        flat = np.full(-(-max(len(values), 1) // n_columns) * n_columns, np.nan)
        flat[: len(values)] = values
        return flat.reshape(-1, n_columns)
    grid = np.full(shape, np.nan)
    grid[row, column] = values
    return grid

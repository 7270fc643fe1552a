"""Curves as tables: CSV with one row per step or per value, and Parquet.

A cell is empty where nothing was recorded; NaN and infinity are written as `nan` and `inf`. Numbers
have enough digits to round-trip exactly.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from memlab.errors import MemlabError
from memlab.formats.log import Values
from memlab.formats.partial_file import partial_file
from memlab.formats.run_curves import RunCurves
from memlab.record.row_format import is_missing


def write_wide(curves: RunCurves, path: Path) -> None:
    """Write a file with the rows of `wide_rows`."""
    with partial_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(wide_rows(curves))


def wide_rows(curves: RunCurves) -> Iterator[Sequence[Any]]:
    """A header and one row per step with every column: `step, loss, ..., val_loss`."""
    yield "step", *curves.row_names, *curves.evaluated_names
    for steps, table in curves.wide():
        yield from zip(steps.tolist(), *(_cells(column) for column in table.T), strict=True)


def write_long(curves: RunCurves, path: Path) -> None:
    """Write one row per value: `step, name, value`."""
    with partial_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["step", "name", "value"])
        for name, steps, values in curves.series():
            for step, value in zip(steps.tolist(), values.tolist(), strict=True):
                out.writerow([step, name, repr(value)])


def write_parquet(curves: RunCurves, path: Path) -> None:
    """Write the wide table; null where nothing was recorded.

    Raises:
        MemlabError: pyarrow is not installed.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise MemlabError(
            "Parquet needs pyarrow, which is not installed", hint="pip install pyarrow"
        ) from None
    names = (*curves.row_names, *curves.evaluated_names)
    fields = [arrow.field("step", arrow.int64()), *(arrow.field(n, arrow.float64()) for n in names)]
    schema = arrow.schema(fields)
    with partial_file(path) as part, parquet.ParquetWriter(part, schema) as writer:
        for steps, table in curves.wide():
            columns: list[Any] = [arrow.array(steps)]
            columns += [arrow.array(column, mask=is_missing(column)) for column in table.T.copy()]
            writer.write_table(arrow.Table.from_arrays(columns, schema=schema))


def _cells(column: Values) -> Sequence[str]:
    missing = is_missing(np.ascontiguousarray(column)).tolist()
    return [
        "" if none else repr(value) for none, value in zip(missing, column.tolist(), strict=True)
    ]

"""Curves as tables: CSV with a row per step or per value, and Parquet.

A cell is empty where nothing was recorded; NaN and infinity are `nan` and `inf`. Numbers have as many
digits as bring back the same bits.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from memlab.errors import MemlabError
from memlab.formats.log import Values
from memlab.formats.run_curves import RunCurves
from memlab.record.row_format import is_missing


def write_wide(curves: RunCurves, path: Path) -> None:
    """Write a file with the rows of `wide_rows`."""
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(wide_rows(curves))
    aside.replace(path)


def wide_rows(curves: RunCurves) -> Iterator[Sequence[Any]]:
    """A header and a row per step, with every column: `step, loss, ..., val_loss`."""
    yield "step", *curves.row_names, *curves.evaluated_names
    for steps, table in curves.wide():
        yield from zip(steps.tolist(), *(_cells(column) for column in table.T), strict=True)


def write_long(curves: RunCurves, path: Path) -> None:
    """Write a row per value: `step, name, value`."""
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["step", "name", "value"])
        for name, steps, values in curves.series():
            for step, value in zip(steps.tolist(), values.tolist(), strict=True):
                out.writerow([step, name, repr(value)])
    aside.replace(path)


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
    aside = path.with_name(f".{path.name}.part")
    with parquet.ParquetWriter(aside, arrow.schema(fields)) as writer:
        for steps, table in curves.wide():
            columns: list[Any] = [arrow.array(steps)]
            columns += [arrow.array(column, mask=is_missing(column)) for column in table.T.copy()]
            writer.write_table(arrow.Table.from_arrays(columns, schema=arrow.schema(fields)))
    aside.replace(path)


def _cells(column: Values) -> Sequence[str]:
    missing = is_missing(np.ascontiguousarray(column)).tolist()
    return [
        "" if none else repr(value) for none, value in zip(missing, column.tolist(), strict=True)
    ]

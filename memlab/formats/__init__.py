"""Logs of other programs in, curves out: one format per file, without torch.

A parser takes bytes and makes a `Log`: runs of series, each value at the step that the file gives
it. `detect` tells formats by content, `read` reads files, folders and standard input.
"""

from memlab.formats.choose import choose_series
from memlab.formats.log import Log, LogRun, LogSeries
from memlab.formats.read import STDIN, read_log
from memlab.formats.table import TableOptions

__all__ = ["STDIN", "Log", "LogRun", "LogSeries", "TableOptions", "choose_series", "read_log"]

"""Reads curves from logs of other programs: one format per module, without torch.

A parser takes bytes and returns a `Log`: runs with their series, each value at the step stated in
the file. `detect` detects formats by content, `read` reads files, folders and standard input.
"""

from memlab.formats.choose import choose_series
from memlab.formats.log import Log, LogRun, LogSeries
from memlab.formats.read import STDIN, read_log
from memlab.formats.table_header import TableOptions

__all__ = ["STDIN", "Log", "LogRun", "LogSeries", "TableOptions", "choose_series", "read_log"]

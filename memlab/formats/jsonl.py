"""JSON Lines: one object per line, with any keys.

    {"step": 10, "loss": 2.31, "eval": {"loss": 2.4}}

Nested keys become `eval.loss`. NaN and Infinity are numbers, also as text. Other texts, lists and
nulls are ignored.
"""

from collections.abc import Sequence
from typing import Any, final

from memlab.formats.json_values import flatten, load
from memlab.formats.parser import TextParser
from memlab.formats.run_builder import RunBuilder
from memlab.formats.table_header import find_step_name


@final
class JsonlParser(TextParser):
    """Reads one object per line."""

    format = "jsonl"

    def __init__(self, where: str, name: str, step_name: str | None = None) -> None:
        super().__init__(where, name)
        self._step_name = step_name
        """key of the step; None = not known yet, or there is none"""
        self._builder = RunBuilder(name)
        self._rows = 0
        self._first: dict[str, Any] | None = None
        """a first row without a step, until the second row shows whether it has settings or values"""

    def builders(self) -> Sequence[RunBuilder]:
        return [self._builder]

    def read_block(self, text: str, line: int) -> None:
        for at, row in enumerate(text.split("\n"), line):
            if row.strip():
                self._read(row, at)

    def read_unterminated(self, text: str, line: int) -> None:
        """Read the last line unless it is cut off."""
        try:
            load(text)
        except ValueError:
            self.warn_truncated(line)
        else:
            self.read_block(text + "\n", line)

    def _read(self, text: str, line: int) -> None:
        try:
            row = load(text)
        except ValueError as error:
            raise self.error("the line is not JSON", line, f"{error}: {text[:60]}") from None
        if not isinstance(row, dict):
            raise self.error("the line is not an object", line, text, allowed="{name: value, ...}")
        values = dict(flatten(row))
        step_name = self._step_name or find_step_name(values)
        if self._rows == 0 and step_name is None and self._first is None:
            self._first = row
            return
        if self._first is not None:
            self._decide(step_name, line)
        self._step_name = step_name if self._rows == 0 else self._step_name
        self._row(values, line)

    def _decide(self, step_name: str | None, line: int) -> None:
        """Take the first row, which has no step, as settings if the second one has a step."""
        first, self._first = self._first or {}, None
        if step_name is None:
            self._row(dict(flatten(first)), line)
        else:
            self._builder.config |= first

    def _row(self, values: dict[str, float], line: int) -> None:
        self._builder.step_name = self._step_name or "the line numbers"
        if not set(values) - {self._step_name}:
            return
        self._rows += 1
        step = self._step(values, line)
        for name, value in values.items():
            self._builder.add(name, step, value)

    def close(self) -> None:
        """Take the first row as values if there is no other."""
        super().close()
        if self._first is not None:
            self._decide(None, 1)

    def _step(self, values: dict[str, float], line: int) -> int:
        """The step of a row; removes it from `values`."""
        if self._step_name is None:
            return self._rows
        step: Any = values.pop(self._step_name, None)
        if step is None:
            raise self.error(f"the row has no {self._step_name!r}", line)
        if not abs(step) < 2**53 or step != int(step):
            raise self.error(
                f"{self._step_name!r} is not a whole number", line, str(step),
                hint="another key may count the steps: --map KEY=step",
            )  # fmt: skip
        return int(step)

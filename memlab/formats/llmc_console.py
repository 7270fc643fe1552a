"""llm.c's console: `step   10/100 | loss 4.1 (+0.1z)| norm 1.2 (..z)| lr 3.00e-04 | 9 ms | ...`.

`val loss 4.2` has no step: it is printed before the line of its step.
"""

import re
from typing import final

from memlab.formats.console_text import NUMBER, STEP, ConsoleParser


@final
class LlmcConsoleParser(ConsoleParser):
    """Reads the steps and validation losses that llm.c prints, on GPU or CPU."""

    format = "llmc-console"
    ROW = re.compile(
        rf"step +({STEP})/({STEP}) \| (?:train )?loss ({NUMBER})[^|]*"
        rf"(?:\| norm ({NUMBER})[^|]*)?(?:\| lr ({NUMBER}) *)?(?:\| \(?({NUMBER}) ms)?"
    )
    CPU_ROW = re.compile(rf"step ({STEP}): train loss ({NUMBER}) \(took ({NUMBER}) ms\)")
    VAL = re.compile(rf"val loss:? ({NUMBER})\s*$")

    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._val: float | None = None
        """a validation loss whose step line has not been read"""
        self._last: int | None = None

    def read_line(self, line: str) -> None:
        if found := self.VAL.match(line):
            self._val = float(found[1])
        elif found := self.ROW.match(line):
            self._builder.planned_steps = int(found[2])
            names = ("loss", "grad_norm", "lr", "time_ms")
            self._row(int(found[1]), dict(zip(names, found.groups()[2:], strict=True)))
        elif found := self.CPU_ROW.match(line):
            self._row(int(found[1]), {"loss": found[2], "time_ms": found[3]})

    def _row(self, step: int, values: dict[str, str | None]) -> None:
        if self._val is not None:
            self._builder.add("val_loss", step, self._val)
            self._val = None
        for name, value in values.items():
            if value is not None:
                self._builder.add(name, step, float(value))
        self._last = step

    def close(self) -> None:
        """Assign a validation loss at the end to the step after the last."""
        super().close()
        if self._val is not None and self._last is not None:
            self._builder.add("val_loss", self._last + 1, self._val)
            self.notes.append(
                "the last validation loss has no step line after it and is recorded at step "
                f"{self._last + 1:,}"
            )
            self._val = None

    @classmethod
    def is_row(cls, line: str) -> bool:
        return bool(cls.ROW.match(line) or cls.CPU_ROW.match(line))

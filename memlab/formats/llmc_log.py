"""llm.c's `main.log`: `s:250 tel:4.1234`, `s:251 trl:4.0 lr:0.000300 norm:1.20`.

Validation at step s comes before the update whose loss is `trl` of step s.
"""

import re
from typing import ClassVar, final

from memlab.formats.console_text import NUMBER, STEP, ConsoleParser


@final
class LlmcLogParser(ConsoleParser):
    """Reads lines of `name:value` pairs."""

    format = "llmc-log"
    ROW = re.compile(rf"s:({STEP})((?: \w+:\S+)+)\s*$")
    VALUE = re.compile(rf" (\w+):({NUMBER})(?= |$)")
    NAMES: ClassVar[dict[str, str]] = {
        "tel": "val_loss",
        "trl": "loss",
        "eval": "hellaswag_accuracy",
        "norm": "grad_norm",
    }

    def read_line(self, line: str) -> None:
        if found := self.ROW.match(line):
            for name, value in self.VALUE.findall(found[2].rstrip()):
                self._builder.add(self.NAMES.get(name, name), int(found[1]), float(value))

    @classmethod
    def is_row(cls, line: str) -> bool:
        return bool(cls.ROW.match(line))

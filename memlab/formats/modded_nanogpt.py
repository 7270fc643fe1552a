"""modded-nanogpt's records: `step:125/1750 val_loss:4.2887 train_time:12345ms step_avg:98.76ms`.

A record begins with the source code of its script, which has the same words in f-strings.
"""

import re
from typing import final

from memlab.formats.console_text import NUMBER, STEP, ConsoleParser


@final
class ModdedNanoGptParser(ConsoleParser):
    """Reads the lines with a step and `name:value` pairs."""

    format = "modded-nanogpt"
    ROW = re.compile(rf"step:({STEP})/({STEP})((?: \w+:\S+)+)\s*$")
    VALUE = re.compile(rf" (\w+):({NUMBER})(?:ms|s|%)?(?= |$)")

    def read_line(self, line: str) -> None:
        if found := self.ROW.match(line):
            step = int(found[1])
            self._builder.planned_steps = int(found[2])
            for name, value in self.VALUE.findall(found[3].rstrip()):
                self._builder.add(name, step, float(value))

    @classmethod
    def is_row(cls, line: str) -> bool:
        return bool(cls.ROW.match(line))

"""nanoGPT's train.py: `iter 10: loss 3.2, time 9.1ms, mfu 1.0%` and `step 250: train loss ...`."""

import re
from typing import final

from memlab.formats.console_text import NUMBER, STEP, ConsoleParser


@final
class NanoGptParser(ConsoleParser):
    """Reads the lines of iterations and evaluations."""

    format = "nanogpt"
    ITERATION = re.compile(
        rf"iter ({STEP}): loss ({NUMBER}), time ({NUMBER})ms(?:, mfu ({NUMBER})%)?"
    )
    EVALUATION = re.compile(rf"step ({STEP}): train loss ({NUMBER}), val loss ({NUMBER})")

    def read_line(self, line: str) -> None:
        if found := self.ITERATION.search(line):
            step = int(found[1])
            self._builder.add("loss", step, float(found[2]))
            self._builder.add("time_ms", step, float(found[3]))
            if found[4] is not None and float(found[4]) >= 0:
                self._builder.add("mfu", step, float(found[4]))
        elif found := self.EVALUATION.search(line):
            step = int(found[1])
            self._builder.add("train_loss", step, float(found[2]))
            self._builder.add("val_loss", step, float(found[3]))

    @classmethod
    def is_row(cls, line: str) -> bool:
        return bool(cls.ITERATION.match(line) or cls.EVALUATION.match(line))

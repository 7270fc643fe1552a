"""Console output of training scripts: lines with values; other lines are skipped."""

from abc import abstractmethod
from collections.abc import Sequence

from memlab.formats.parser import TextParser
from memlab.formats.run_builder import RunBuilder

STEP = r"\d{1,18}"
"""digits of a step that fits into 64 bits"""
NUMBER = r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|nan|inf(?:inity)?)"


class ConsoleParser(TextParser):
    """Reads the lines that contain values."""

    strict = False

    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._builder = RunBuilder(name)

    def builders(self) -> Sequence[RunBuilder]:
        return [self._builder]

    def read_block(self, text: str, line: int) -> None:
        for row in text.split("\n"):
            self.read_line(row)

    def read_unterminated(self, text: str, line: int) -> None:
        """Omit the last line: a number in it may be cut off."""
        self.warnings.append(f"line {line:,}, the last one, has no newline and is left out")

    @abstractmethod
    def read_line(self, line: str) -> None:
        """Parse one line."""

    @classmethod
    @abstractmethod
    def is_row(cls, line: str) -> bool:
        """Whether this program prints lines of this form."""

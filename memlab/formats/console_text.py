"""Output of training scripts: lines with values among lines of anything else, which are passed over."""

from abc import abstractmethod
from collections.abc import Sequence

from memlab.formats.parser import TextParser
from memlab.formats.run_builder import RunBuilder

STEP = r"\d{1,18}"
"""a step that fits into 64 bits; what is longer is no step"""
NUMBER = r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|nan|inf(?:inity)?)"


class ConsoleParser(TextParser):
    """Reads the lines that contain values."""

    strict = False

    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._builder = RunBuilder(name)

    def builders(self) -> Sequence[RunBuilder]:
        return [self._builder]

    def block(self, text: str, line: int) -> None:
        for row in text.split("\n"):
            self.read(row)

    def torn(self, text: str, line: int) -> None:
        """Leave out the last line: a number in it may be cut off."""
        self.warnings.append(f"line {line:,}, the last one, has no end and is left out")

    @abstractmethod
    def read(self, line: str) -> None:
        """Parse one line."""

    @classmethod
    @abstractmethod
    def is_row(cls, line: str) -> bool:
        """Whether a line is one that this program prints."""

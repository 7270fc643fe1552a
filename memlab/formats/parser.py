"""What every parser of a format is: bytes go in as they come, runs come out."""

from abc import ABC, abstractmethod
from codecs import BOM_UTF8
from collections.abc import Sequence

from memlab.errors import DataError
from memlab.formats.log import Log
from memlab.formats.run_builder import RunBuilder


class LogParser(ABC):
    """Reads one file of a format, piece by piece, so that a growing file is read once."""

    format: str
    """name of the format, as in `--from`"""

    def __init__(self, where: str, name: str) -> None:
        self.where = where
        """the file, for messages"""
        self.name = name
        """what a run is called that has no name of its own"""
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.damage: str | None = None

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Take in the next bytes.

        Raises:
            DataError: a text does not fit the format; the error names its line.
        """

    @abstractmethod
    def close(self) -> None:
        """The file ends here: what is incomplete is cut off."""

    @abstractmethod
    def builders(self) -> Sequence[RunBuilder]:
        """The runs read so far."""

    def log(self) -> Log:
        return Log(
            self.format,
            tuple(builder.build() for builder in self.builders() if not builder.empty),
            tuple(dict.fromkeys(self.notes)),
            tuple(dict.fromkeys(self.warnings)),
            self.damage,
        )


class TextParser(LogParser):
    """Reads text in blocks of whole lines."""

    strict = True
    """bytes that are no UTF-8 are an error; otherwise they are replaced"""

    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._rest = b""
        """the beginning of a line"""
        self._line = 1
        """number of the next line"""

    @abstractmethod
    def block(self, text: str, line: int) -> None:
        """Take in whole lines, each ending in a newline; the first one has number `line`."""

    def torn(self, text: str, line: int) -> None:
        """Take in the last line, which has no newline."""
        self.block(text + "\n", line)

    def feed(self, data: bytes) -> None:
        """Take in the next bytes; a line that is not complete waits."""
        if self._line == 1 and not self._rest:
            data = data.removeprefix(BOM_UTF8)
        whole, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._rest += data
            return
        whole, self._rest = self._rest + whole + newline, rest
        line = self._line
        self._line += whole.count(b"\n")
        self.block(self._decode(whole, line), line)

    def close(self) -> None:
        rest, self._rest = self._rest, b""
        if rest.strip(b"\0 \t\r"):
            self.torn(self._decode(rest, self._line), self._line)

    def _decode(self, data: bytes, line: int) -> str:
        try:
            text = data.decode("utf-8", "strict" if self.strict else "replace")
        except UnicodeDecodeError as error:
            at = line + data.count(b"\n", 0, error.start)
            raise self.error("this is no text in UTF-8", at, found=str(error)) from None
        return text.replace("\r\n", "\n") if "\r" in text else text

    def error(self, what: str, line: int, found: str | None = None, **more: str) -> DataError:
        """An error that names the line."""
        return DataError(
            what, where=f"{self.where}, line {line:,}", found=found and shorten(found), **more
        )


def shorten(text: str, limit: int = 80) -> str:
    """The beginning of a text that may be long."""
    return text if len(text) <= limit else text[: limit - 1] + "…"

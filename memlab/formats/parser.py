"""Interface of parsers: bytes in pieces of any size -> runs."""

from abc import ABC, abstractmethod
from codecs import BOM_UTF8
from collections.abc import Sequence

from memlab.errors import DataError
from memlab.formats.log import Log
from memlab.formats.run_builder import RunBuilder


class LogParser(ABC):
    """Reads one file incrementally, so that each byte of a growing file is read once."""

    format: str
    """name of the format, as in `--from`"""

    def __init__(self, where: str, name: str) -> None:
        self.where = where
        """the file, for messages"""
        self.name = name
        """name of a run if the file does not state one"""
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.damage: str | None = None

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Parse the next bytes.

        Raises:
            DataError: a text does not match the format; the error states the line.
        """

    @abstractmethod
    def close(self) -> None:
        """End of the file: an incomplete record will not be completed."""

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
    """whether invalid UTF-8 is an error; otherwise it is replaced"""

    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._rest = b""
        """an incomplete line"""
        self._line = 1
        """number of the next line"""

    def read_lines(self, data: bytes, line: int) -> None:
        """Parse the bytes of whole lines; the first has number `line`."""
        self.read_block(self._decode(data, line), line)

    @abstractmethod
    def read_block(self, text: str, line: int) -> None:
        """Parse whole lines, each ending in a newline; the first has number `line`."""

    def read_unterminated(self, text: str, line: int) -> None:
        """Parse the last line, which has no newline."""
        self.read_block(text + "\n", line)

    def feed(self, data: bytes) -> None:
        """Parse the complete lines in the next bytes; store an incomplete one."""
        if self._line == 1 and not self._rest:
            data = data.removeprefix(BOM_UTF8)
        whole, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._rest += data
            return
        whole, self._rest = self._rest + whole + newline, rest
        line = self._line
        self._line += whole.count(b"\n")
        self.read_lines(whole, line)

    def close(self) -> None:
        rest, self._rest = self._rest, b""
        if rest.strip(b"\0 \t\r"):
            self.read_unterminated(self._decode(rest, self._line), self._line)

    def _decode(self, data: bytes, line: int) -> str:
        try:
            text = data.decode("utf-8", "strict" if self.strict else "replace")
        except UnicodeDecodeError as error:
            at = line + data.count(b"\n", 0, error.start)
            raise self.error("this is not UTF-8 text", at, found=str(error)) from None
        return text.replace("\r\n", "\n") if "\r" in text else text

    def error(self, what: str, line: int, found: str | None = None, **more: str) -> DataError:
        """An error that states the line."""
        return line_error(self.where, line, what, found, **more)

    def warn_truncated(self, line: int) -> None:
        self.warnings.append(f"line {line:,}, the last one, is cut off and left out")


def line_error(
    where: str, line: int, what: str, found: str | None = None, **more: str
) -> DataError:
    """An error in a line of the file `where`."""
    return DataError(what, where=f"{where}, line {line:,}", found=found and shorten(found), **more)


def shorten(text: str, limit: int = 80) -> str:
    """The text, truncated to `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"

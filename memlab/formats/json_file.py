"""Files with a single JSON value, which is parsed once they are complete."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from memlab.errors import DataError
from memlab.formats.json_values import load
from memlab.formats.parser import LogParser
from memlab.formats.run_builder import RunBuilder


class JsonFileParser(LogParser):
    """Collects the bytes of a file and parses them in `close`."""

    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._data: list[bytes] = []
        self._builder = RunBuilder(name)

    def builders(self) -> Sequence[RunBuilder]:
        return [self._builder]

    def feed(self, data: bytes) -> None:
        """Store the next bytes."""
        self._data.append(data)

    def close(self) -> None:
        try:
            value = load(b"".join(self._data).decode("utf-8-sig"))
        except ValueError as error:
            raise DataError("this is not JSON", where=self.where, found=str(error)) from None
        self.read_value(value)

    @abstractmethod
    def read_value(self, value: Any) -> None:
        """Read runs from the JSON value.

        Raises:
            DataError: it does not match the format.
        """

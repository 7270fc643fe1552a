"""Files that hold one JSON value, which is read when they are complete."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from memlab.errors import DataError
from memlab.formats.json_values import load
from memlab.formats.parser import LogParser
from memlab.formats.run_builder import RunBuilder


class JsonFileParser(LogParser):
    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._data: list[bytes] = []
        self._builder = RunBuilder(name)

    def builders(self) -> Sequence[RunBuilder]:
        return [self._builder]

    def feed(self, data: bytes) -> None:
        """Keep the bytes until the value is complete."""
        self._data.append(data)

    def close(self) -> None:
        try:
            value = load(b"".join(self._data).decode("utf-8-sig"))
        except ValueError as error:
            raise DataError("this is no JSON", where=self.where, found=str(error)) from None
        self.read(value)

    @abstractmethod
    def read(self, value: Any) -> None:
        """Take in the value.

        Raises:
            DataError: it is not what the format holds.
        """

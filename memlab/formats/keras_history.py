"""`History.history` of Keras as JSON: lists of numbers by name, one per epoch, from epoch 0.

{"loss": [2.3, 1.9], "val_loss": [2.4, 2.0]}
"""

from typing import Any, final

from memlab.errors import DataError
from memlab.formats.json_file import JsonFileParser
from memlab.formats.json_values import float_or_inf


@final
class KerasHistoryParser(JsonFileParser):
    """Reads lists of numbers by name."""

    format = "keras-history"

    def read_value(self, value: Any) -> None:
        if not is_history(value):
            raise DataError(
                "this is not a history", where=self.where, allowed="lists of numbers by name"
            )
        self._builder.step_name = "the index in each list, an epoch"
        for name, values in value.items():
            for epoch, number in enumerate(values):
                self._builder.add(name, epoch, float_or_inf(number))


def is_history(value: Any) -> bool:
    """Whether the value maps names to lists of numbers."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(
            isinstance(values, list) and all(isinstance(n, int | float) for n in values)
            for values in value.values()
        )
    )

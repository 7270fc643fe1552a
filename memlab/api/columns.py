"""Columns of numbers by name, as notebooks use them."""

from typing import TYPE_CHECKING, Any, final

from numpy.typing import NDArray

from memlab.errors import MemlabError, RunError, nearest

if TYPE_CHECKING:
    import pandas


class MissingColumn(RunError, KeyError):
    """No column of that name; also a `KeyError`, as for any mapping."""


@final
class Columns(dict[str, NDArray[Any]]):
    """Columns by name, each (row,), all of one length; `step` first. Accepted by
    `pandas.DataFrame(...)`.
    """

    def frame(self) -> "pandas.DataFrame":
        """The columns as a pandas frame, one row per step or evaluation.

        Raises:
            MemlabError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise MemlabError(
                "pandas is not installed",
                hint="`pip install pandas`; the columns themselves are numpy arrays",
            ) from None
        return pandas.DataFrame(self)

    def __missing__(self, name: str) -> NDArray[Any]:
        raise MissingColumn(
            f"there is no column {name!r}", allowed=", ".join(self), hint=nearest(str(name), self)
        )

    def __repr__(self) -> str:
        rows = max(map(len, self.values()), default=0)
        return f"<{rows:,} rows: {', '.join(self)}>"

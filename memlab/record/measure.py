"""Declarations of measures: what charts, tables, claims and help know about a quantity.

A run stores the declarations of its measures in `run.json`, so a viewer needs neither torch nor
the version that recorded the run.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, final

from memlab.record.json_types import shape

SPLITS = {
    "train": "the training split",
    "val": "the validation split",
    "test": "the test split",
    "ood": "out-of-distribution examples",
}


@final
@dataclass(frozen=True)
class Measure:
    """The declaration of a quantity."""

    name: str
    """without a split: `loss`, recorded as `train_loss` and `val_loss`"""
    meaning: str
    """one sentence"""
    unit: str = "1"
    """"1" where it has none"""
    low: float | None = None
    """the least possible value; None = unbounded"""
    high: float | None = None
    """the greatest possible value; None = unbounded"""
    scale: Literal["linear", "log"] = "linear"
    """the preferred axis"""
    direction: Literal["lower", "higher"] | None = None
    """which values are better; None = neither"""
    source: str = ""
    """source of the formula"""

    @property
    def is_share(self) -> bool:
        """Whether its values lie between 0 and 1."""
        return (self.low, self.high) == (0.0, 1.0)


COLUMN_MEASURES = (
    Measure(
        "loss",
        "Mean cross-entropy over the targets.",
        "nats", 0.0, None, "log", "lower",
        "Shannon 1948; per update: the objective as optimized, with smoothing and dropout",
    ),
    Measure("grad_norm", "2-norm of the gradient before clipping.", "1", 0.0, None, "log"),
    Measure("lr", "Learning rate of the update.", "1", 0.0),
    Measure("weight_norm", "2-norm of all weights before the update.", "1", 0.0, None, "log"),
    Measure("update_norm", "2-norm of the change of the weights by the update.", "1", 0.0, None, "log"),
)  # fmt: skip
"""The per-step columns of `memlab.record.events.COLUMNS`."""

_FIELDS: dict[str, Any] = {
    "name": str, "meaning": str, "unit": str, "low": float | None, "high": float | None,
    "scale": str, "direction": str | None, "source": str,
}  # fmt: skip
_fits = shape(_FIELDS)


def to_json(measures: Iterable[Measure]) -> list[dict[str, Any]]:
    """Declarations as `run.json` stores them."""
    return [asdict(measure) for measure in measures]


def from_json(stored: Any) -> list[Measure]:
    """The declarations in a stored list; entries of other forms are left out."""
    entries = stored if isinstance(stored, list) else []
    return [
        Measure(**{key: value for key, value in entry.items() if key in _FIELDS})
        for entry in entries
        if _fits(entry) and "name" in entry and "meaning" in entry and _allowed(entry)
    ]


def _allowed(entry: dict[str, Any]) -> bool:
    scale, direction = entry.get("scale", "linear"), entry.get("direction")
    return scale in ("linear", "log") and direction in ("lower", "higher", None)


@final
class Measures:
    """The declarations of a run, by the names under which values are recorded.

    `measures["val_loss"]` is the declaration of `loss` on the validation split, and
    `measures["val_accuracy_noisy"]` that of `accuracy` on a part of it;
    `measures["matrix_norm/token.weight"]` that of `matrix_norm` for one weight. A name without a
    declaration (a run of an earlier version) gets one from its ending, so no lookup fails.
    """

    def __init__(self, declared: Sequence[Measure] = ()) -> None:
        self._declared = {measure.name: measure for measure in (*COLUMN_MEASURES, *declared)}

    def __iter__(self) -> Iterator[Measure]:
        return iter(self._declared.values())

    def __len__(self) -> int:
        return len(self._declared)

    def __contains__(self, name: object) -> bool:
        return name in self._declared

    def __getitem__(self, name: str) -> Measure:
        if name in self._declared:
            return self._declared[name]
        name_of_kind, _, member = name.partition("/")
        split, kind = split_of(name_of_kind)
        declared = self._longest_prefix(kind) or guess(kind)
        where = f" On {SPLITS[split]}." if split else f" Of {member}." if member else ""
        return replace(declared, name=name, meaning=f"{declared.meaning}{where}".strip())

    def _longest_prefix(self, kind: str) -> Measure | None:
        """The declaration of `accuracy` for `accuracy_noisy`."""
        words = kind.split("_")
        prefixes = ("_".join(words[:n]) for n in range(len(words), 0, -1))
        return next((self._declared[p] for p in prefixes if p in self._declared), None)


def split_of(name: str) -> tuple[str | None, str]:
    """The split in a recorded name, and the rest: `val_loss` is ("val", "loss")."""
    split, _, kind = name.partition("_")
    return (split, kind) if split in SPLITS and kind else (None, name)


def guess(name: str) -> Measure:
    """A declaration derived from the ending of a name without one."""
    if name.endswith("loss"):
        return Measure(name, "", "nats", 0.0, None, "log", "lower")
    if name.endswith("norm"):
        return Measure(name, "", "1", 0.0, None, "log")
    if name.endswith("accuracy"):
        return Measure(name, "", "1", 0.0, 1.0, "linear", "higher")
    return Measure(name, "")

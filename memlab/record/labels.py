"""Name, tags and note of a run: the only file in its folder that a viewer may change."""

from dataclasses import asdict, dataclass
from pathlib import Path

from memlab.record import files, sealed_json
from memlab.record.json_types import LABELS


@dataclass(frozen=True)
class Labels:
    """Name, tags and note of a run: free text, never part of a path."""

    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""


def read(path: Path, run: str) -> Labels:
    """The labels in a run's folder; empty if they are missing or damaged."""
    document = sealed_json.read(path / "labels.json", f"{run}/labels.json", LABELS) or {}
    return Labels(
        name=document.get("name", ""),
        tags=tuple(document.get("tags", ())),
        note=document.get("note", ""),
    )


def write(path: Path, run: str, labels: Labels) -> None:
    text = sealed_json.seal(asdict(labels), f"{run}/labels.json", indent=2)
    files.replace(path / "labels.json", text)

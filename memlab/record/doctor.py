"""Verifies a run folder: every seal, line and hash. It only reads, and repairs nothing.

A *problem* is a record that cannot be read as it was written. A *note* is a remnant of an
interrupted process, which readers ignore and nothing depends on.
"""

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from memlab.record import files, json_types, sealed_json
from memlab.record.attempt import Attempt, place
from memlab.record.checkpoints import COMMIT
from memlab.record.event_log import MOST, EventReader
from memlab.record.events import Unknown
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.json_types import Check
from memlab.record.row_tables import PlaceOf, TableReader
from memlab.record.rows import RowReader
from memlab.record.run_rows import NEVER

ATTEMPT_FILES = re.compile(
    r"attempt\.json|heartbeat|events\.jsonl|end\.json|(steps|rows-\d{3,})\.(bin|idx|tail)",
    re.ASCII,
)


@dataclass(frozen=True)
class Symptom:
    """A problem or note about a run folder."""

    level: Literal["problem", "note"]
    where: str
    """path within the run folder"""
    what: str


@dataclass(frozen=True)
class Diagnosis:
    """What was examined, and the symptoms."""

    run: str
    verified: dict[str, int]
    """numbers of intact documents, seals, rows, lines, hashes and checkpoints"""
    symptoms: list[Symptom] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether there is no problem."""
        return all(symptom.level != "problem" for symptom in self.symptoms)


def examine(folder: RunFolder) -> Diagnosis:
    """Verify all records of a run. Damage never raises."""
    examiner = _Examiner(folder)
    symptoms = list(examiner.symptoms())
    return Diagnosis(folder.path.name, dict(examiner.verified), symptoms)


@final
class _Examiner:
    def __init__(self, folder: RunFolder) -> None:
        self.folder, self.run = folder, folder.id
        kinds = ("documents", "seals", "rows", "lines", "hashes", "checkpoints")
        self.verified = Counter(dict.fromkeys(kinds, 0))

    def symptoms(self) -> Iterator[Symptom]:
        yield from self._description()
        yield from self._document("labels.json", f"{self.run}/labels.json", json_types.LABELS)
        yield from self._numbers()
        for attempt in self.folder.attempts():
            yield from self._attempt(attempt)
        yield from self._checkpoints()
        for name in _names(self.folder.path / "commands"):
            if name.endswith(".json"):
                yield from self._document(
                    f"commands/{name}", f"{self.run}/commands", json_types.COMMAND
                )
        yield from self._strangers()

    def _description(self) -> Iterator[Symptom]:
        if problem := self.folder.problem():
            yield Symptom("problem", "run.json", problem)
            return
        self.verified["documents"] += 1
        expected = self.folder.description.get("preset_sha256")
        if expected is not None or self.folder.columns is not None:
            yield from self._hash("preset.yaml", expected)

    def _document(self, name: str, place: str, fits: Check) -> Iterator[Symptom]:
        """Verify the seal of a JSON file and the types of its members."""
        document = sealed_json.read(self.folder.path / name, place)
        if document is None:
            missing = not os.path.lexists(self.folder.path / name)
            yield Symptom("problem", name, "is missing" if missing else "its seal does not match")
        elif not fits(document):
            yield Symptom("problem", name, "its values have wrong types")
        else:
            self.verified["documents"] += 1

    def _hash(self, name: str, expected: str | None) -> Iterator[Symptom]:
        digest = _sha256(self.folder.path / name)
        if digest is None:
            yield Symptom("problem", name, "is missing or cannot be read")
        elif digest != expected:
            yield Symptom("problem", name, "its contents do not match their hash")
        else:
            self.verified["hashes"] += 1

    def _numbers(self) -> Iterator[Symptom]:
        numbers = [attempt.number for attempt in self.folder.attempts()]
        if missing := sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers)):
            yield Symptom("problem", "attempts", f"missing: {', '.join(map(str, missing))}")

    def _attempt(self, attempt: Attempt) -> Iterator[Symptom]:
        name = f"attempts/{attempt.path.name}"

        def place_of(part: str) -> str:
            return place(self.run, attempt.number, part)

        yield from self._document(
            f"{name}/attempt.json", place_of("attempt.json"), json_types.ATTEMPT
        )
        # Empty before the first beat; a beat may be in progress now.
        if files.size(attempt.path / "heartbeat") and not attempt.alive():
            for symptom in self._document(
                f"{name}/heartbeat", place_of("heartbeat"), json_types.HEARTBEAT
            ):
                yield Symptom("note", symptom.where, f"{symptom.what}; it is only a hint")
        if os.path.lexists(attempt.path / "end.json"):
            yield from self._document(f"{name}/end.json", place_of("end.json"), json_types.END)
        for part, expected in ((attempt.end or {}).get("sha256") or {}).items():
            yield from self._hash(f"{name}/{part}", expected)
        yield from self._rows(name, attempt, place_of)
        yield from self._lines(name, attempt, place_of("events.jsonl"))

    def _rows(self, name: str, attempt: Attempt, place_of: PlaceOf) -> Iterator[Symptom]:
        reader = TableReader(attempt.path, place_of, self.folder.columns)
        reader.refresh()
        if reader.unreadable:
            yield Symptom("problem", name, f"the columns of {reader.unreadable} files are damaged")
        for rows in reader.readers:
            yield from self._table(name, rows)
        first = int(attempt.info.get("first_step", reader.first_step or 1))
        for missing in reader.missing(first, attempt.end):
            yield Symptom("problem", name, f"missing: {missing}")

    def _table(self, name: str, reader: RowReader) -> Iterator[Symptom]:
        good = reader.sealed.seals
        index = f"{name}/{reader.file.index.name}"
        records, remainder = divmod(
            files.size(reader.file.index) - len(reader.file.header),
            reader.sealed.format.seal.itemsize,
        )
        if bad := records - len(good):
            yield Symptom("problem", index, f"{bad} damaged seals")
        steps, _ = reader.sealed.read(0, NEVER)
        rows = len(steps) - len(reader.sealed.tail[0])
        if lost := int(good["rows"].sum()) - rows:
            yield Symptom("problem", f"{name}/{reader.file.rows.name}", f"{lost} damaged rows")
        covered = (good["row"] + good["rows"]).max(initial=0) * reader.sealed.format.row_size
        loose = files.size(reader.file.rows) - int(covered)
        if remainder or (loose > 0 and not bad):
            yield Symptom("note", index, "its last flush is incomplete")
        self.verified["seals"] += len(good)
        self.verified["rows"] += len(steps)

    def _lines(self, name: str, attempt: Attempt, place: str) -> Iterator[Symptom]:
        path = attempt.path / "events.jsonl"
        reader = EventReader(path, place)
        reader.refresh()
        lines, has_remainder = _count_lines(path)
        where = f"{name}/events.jsonl"
        numbers = [event.seq for event in reader.events]
        first = attempt.info.get("seq", numbers[0] if numbers else 0)
        if bad := lines - len(numbers):
            yield Symptom("problem", where, f"{bad} damaged lines")
        elif numbers != list(range(first, first + len(numbers))):
            yield Symptom("problem", where, "lines are missing")
        if has_remainder:
            yield Symptom("note", where, "its last line is incomplete")
        if n_unknown := sum(isinstance(event, Unknown) for event in reader.events):
            yield Symptom(
                "note", where, f"{n_unknown} events of kinds that this version does not know"
            )
        self.verified["lines"] += len(numbers)

    def _checkpoints(self) -> Iterator[Symptom]:
        # Where steps may have gaps, missing ones cannot be detected.
        gaps = self.folder.columns is None
        recorded = np.zeros(0, np.int64)
        if not gaps:
            recorded, _ = History(self.folder).until().steps.read(0, NEVER)
        for step in self.folder.checkpoints.steps():
            name = f"checkpoints/step-{step:09d}"
            document = sealed_json.read(
                self.folder.path / name / COMMIT, Path(name).name, json_types.COMMIT
            )
            problems = list(self._committed(name, step, document))
            if not gaps and (gap := _gap(recorded[recorded <= step], 1, step)):
                problems.append(Symptom("problem", name, f"{gap} of the steps before it"))
            yield from problems
            self.verified["checkpoints"] += not problems

    def _committed(
        self, name: str, step: int, document: dict[str, Any] | None
    ) -> Iterator[Symptom]:
        if document is None or document.get("step") != step:
            yield Symptom("problem", f"{name}/{COMMIT}", "its seal does not match")
            return
        self.verified["documents"] += 1
        for part, expected in document.get("sha256", {}).items():
            yield from self._hash(f"{name}/{part}", expected)

    def _strangers(self) -> Iterator[Symptom]:
        """Files that do not belong to a run, or are not regular files."""
        top = self.folder.path
        for parent, folders, names in os.walk(top):
            for name in [*folders, *names]:
                path = Path(parent, name)
                where = str(path.relative_to(top))
                mode = path.lstat().st_mode
                if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                    yield Symptom("problem", where, "is a link, a pipe or a device")
                elif name.startswith("."):
                    yield Symptom("note", where, "is left over from an interrupted write")
                elif not _belongs(Path(where), stat.S_ISDIR(mode)):
                    yield Symptom("note", where, "does not belong to a run")
            folders[:] = [name for name in folders if not name.startswith(".")]


def _belongs(path: Path, is_folder: bool) -> bool:
    match path.parts:
        case ("attempts" | "checkpoints" | "commands" | "derived",):
            return is_folder
        case ("run.json" | "preset.yaml" | "labels.json",):
            return not is_folder
        case ("attempts", number, *rest):
            return number.isdecimal() and (not rest or bool(ATTEMPT_FILES.fullmatch(rest[0])))
        case ("checkpoints", name, *_):
            return name.startswith("step-")
        case ("commands", name):
            return name.endswith(".json")
        case ("derived", *_):
            return True
    return False


def _gap(steps: NDArray[np.int64], first: int, last: int) -> str | None:
    """The steps between `first` and `last` that are missing in the ascending `steps`, as text."""
    wanted = np.arange(first, last + 1)
    missing = wanted[~np.isin(wanted, steps)]
    if not len(missing):
        return None
    return f"the rows of {len(missing)} steps are missing, the first is {missing[0]}"


def _names(path: Path) -> list[str]:
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


def _count_lines(path: Path) -> tuple[int, bool]:
    """Number of complete lines in a file, and whether anything follows the last of them."""
    lines, offset, last = 0, 0, b"\n"
    while data := files.read_from(path, offset, MOST):
        lines, offset, last = lines + data.count(b"\n"), offset + len(data), data[-1:]
    return lines, last != b"\n"


def _sha256(path: Path) -> str | None:
    try:
        with open(files.open_to_read(path), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None

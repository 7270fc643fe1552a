"""The folder of a run: creation, reading of its description, claiming it for an attempt."""

import dataclasses
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeGuard, final

from memlab.errors import BusyError, RunError
from memlab.record import files, labels, process, sealed_json
from memlab.record.attempt import Attempt, opening, place
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.checkpoints import Checkpoints
from memlab.record.event_log import EventReader
from memlab.record.events import COLUMNS, Paused, Resumed
from memlab.record.json_types import RUN, shape
from memlab.record.labels import Labels
from memlab.record.measure import Measures, from_json
from memlab.record.run_facts import RunFacts
from memlab.record.run_id import new_id
from memlab.record.status import REASONS, Status

FORMAT = "memlab-run"
VERSION = (1, 1)
"""Readers of the same major version understand it; minor versions only add."""
GROWING_ROWS = "rows-1.1"
"""features that a program must know to write to a run of format 1.1"""


@final
class RunFolder:
    """One run. Everything is read on first use, and damage never raises."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._attempts: dict[str, Attempt] = {}

    @classmethod
    def create(
        cls,
        runs: Path,
        description: Mapping[str, Any],
        preset_yaml: str | None,
        name: str,
        run: str | None = None,
    ) -> Self:
        """Create a run; it appears in `runs` complete or not at all.

        Args:
            description: everything immutable: resolved preset, versions, hardware, seeds.
            preset_yaml: the resolved preset as text. None = the run has none; its columns are
                not known yet and its steps may have gaps, so it is of format 1.1, else of 1.0.
            name: display name; may be changed later.
            run: its id, if already chosen; None = a new one.

        Raises:
            OSError: for example, `run` exists already.
        """
        files.make_folder(runs)
        run = run or new_id(runs)
        if preset_yaml is None:
            format = {"version": [1, 1], "requires": [GROWING_ROWS]}
        else:
            sha256 = hashlib.sha256(preset_yaml.encode()).hexdigest()
            format = {"version": [1, 0], "requires": []}
            format |= {"columns": list(COLUMNS), "preset_sha256": sha256}
        document = {"format": FORMAT, **format, "id": run, "created": time.time(), **description}
        with files.new_folder(runs / run) as folder:
            for part in ("attempts", "checkpoints", "commands"):
                files.make_folder(folder / part)
            files.write_new(folder / "run.json", sealed_json.seal(document, "run.json", indent=2))
            if preset_yaml is not None:
                files.write_new(folder / "preset.yaml", preset_yaml.encode())
            labels.write(folder, run, Labels(name=name))
        return cls(runs / run)

    @cached_property
    def description(self) -> dict[str, Any]:
        """`run.json`; empty if it is damaged."""
        document = sealed_json.read(f"{self.path}/run.json", "run.json", RUN) or {}
        columns = document.get("columns", COLUMNS)
        is_table = COLUMNS[0] in columns and len(set(columns)) == len(columns)
        return document if is_table else {}

    @cached_property
    def id(self) -> str:
        """The id it was created with, even if its folder was renamed."""
        return str(self.description.get("id", self.path.name))

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the per-step values, in the order of `steps.bin`; None in format 1.1.

        In format 1.1, each attempt records its columns as they appear.
        """
        if GROWING_ROWS in self.description.get("requires", ()):
            return None
        return tuple(self.description.get("columns", COLUMNS))

    @cached_property
    def measures(self) -> Measures:
        """The declarations of its measures; lookup works for any recorded name."""
        return Measures(from_json(self.description.get("measures")))

    @cached_property
    def facts(self) -> RunFacts:
        """Facts known before the run starts."""
        return RunFacts.of(self.description)

    @property
    def source(self) -> dict[str, Any] | None:
        """The source of an imported run; None for any other run."""
        source: dict[str, Any] | None = self.description.get("source")
        return source

    @property
    def config(self) -> dict[str, Any]:
        """The settings of a run that memlab did not train, as its program stated them."""
        return dict(self.description.get("config", {}))

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.path / "checkpoints")

    @property
    def derived(self) -> Path:
        """Folder for everything computed afterwards; created by the first write."""
        return self.path / "derived"

    def problem(self) -> str | None:
        """Why the run is read-only; None if it is not."""
        if not self.description:
            return "run.json is missing or damaged"
        version = self.description.get("version")
        if self.description.get("format") != FORMAT or not _is_version(version):
            return f"run.json is of format {self.description.get('format')!r}"
        unknown = set(self.description.get("requires", ())) - {GROWING_ROWS}
        if version[0] > VERSION[0] or unknown:
            return f"it is of format {version}; this memlab writes {list(VERSION)}"
        if unknown := set(self.columns or ()) - set(COLUMNS):
            return f"it uses features that this memlab does not know: {', '.join(sorted(unknown))}"
        return None

    def check_writable(self) -> None:
        """Refuse to write to a run that this version does not fully understand.

        Raises:
            RunError: with the reason.
        """
        if problem := self.problem():
            raise RunError("this run cannot be written to", where=str(self.path), found=problem)

    def labels(self) -> Labels:
        return labels.read(self.path, self.id)

    @property
    def display_name(self) -> str:
        """Its name, or its id if it has none."""
        return self.labels().name or self.id

    def set_labels(
        self,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        note: str | None = None,
    ) -> None:
        """Change the given labels, keep the others."""
        self.check_writable()
        values = {"name": name, "tags": None if tags is None else tuple(tags), "note": note}
        changes: dict[str, Any] = {key: value for key, value in values.items() if value is not None}
        labels.write(self.path, self.id, dataclasses.replace(self.labels(), **changes))

    def attempts(self) -> list[Attempt]:
        """Its attempts, oldest first."""
        folder = f"{self.path}/attempts"
        try:
            names = os.listdir(folder)
        except OSError:
            names = []
        cached, self._attempts = self._attempts, {}
        for name in names:
            if name.isdecimal():
                self._attempts[name] = cached.get(name) or Attempt(Path(folder, name), self.id)
        return sorted(self._attempts.values(), key=lambda attempt: attempt.number)

    def last_step(self) -> int:
        """The last step known to have been reached: a lower bound that is cheap to read."""
        return max((attempt.last_step for attempt in self.attempts()[-1:]), default=0)

    def status(self, attempts: Sequence[Attempt] | None = None) -> Status:
        """Its status; pass `attempts` if they were just listed."""
        attempts = self.attempts() if attempts is None else attempts
        if self.source is not None:
            return Status.IMPORTED
        if not attempts:
            return Status.QUEUED
        last = attempts[-1]
        alive = last.alive()
        if (
            last.end is not None
        ):  # read last: it may have been written while the process was checked
            return REASONS.get(str(last.end.get("reason")), Status.FAILED)
        if not alive:
            return Status.DIED
        return Status.PAUSED if last.waiting or self._paused(last) else Status.RUNNING

    def _paused(self, attempt: Attempt) -> bool:
        reader = EventReader(
            attempt.path / "events.jsonl", place(self.id, attempt.number, "events.jsonl")
        )
        reader.refresh()
        turns = [event for event in reader.events if isinstance(event, Paused | Resumed)]
        return bool(turns) and isinstance(turns[-1], Paused)

    def claim(
        self,
        info: Mapping[str, Any],
        *,
        seq: int,
        first_step: int,
        take_over: bool = False,
        after: int | None = None,
    ) -> AttemptWriter:
        """Begin an attempt that replaces earlier records from `seq` and `first_step` on.

        Args:
            info: further members of attempt.json: threads, device, versions.
            seq: index of its first event among the run's events.
            first_step: the step of its first row, one after its checkpoint's.
            take_over: claim it even if another process trains the run, which then ends.
            after: number of the last attempt that the caller knows of, 0 for none: a later one
                may have finished the run meanwhile. None = do not check.

        Raises:
            BusyError: another process trains this run, or has since `after`.
            RunError: it was imported, or cannot be written to.
        """
        self.check_writable()
        self.check_own()
        return self.begin(info, seq=seq, first_step=first_step, take_over=take_over, after=after)

    def check_own(self) -> None:
        """Refuse an imported run, which another program trained.

        Raises:
            RunError: it was imported.
        """
        if self.source is not None:
            raise RunError(
                "this run was imported and is read-only",
                where=self.path.name,
                found=f"from {self.source.get('path')}",
            )

    def begin(
        self,
        info: Mapping[str, Any],
        *,
        seq: int,
        first_step: int,
        take_over: bool = False,
        after: int | None = None,
    ) -> AttemptWriter:
        """Like `claim`, also for imported runs: only the import itself uses this."""
        while True:
            attempts = self.attempts()
            if attempts and after is not None and attempts[-1].number > after:
                raise _busy(self.path.name, attempts[-1])
            if attempts and not take_over and attempts[-1].watch():
                raise _busy(self.path.name, attempts[-1])
            number = attempts[-1].number + 1 if attempts else 1
            document = {
                **process.identity(),
                "started": time.time(),
                "resumed_from": first_step - 1 if number > 1 else None,
                **info,
                "seq": seq,
                "first_step": first_step,
            }
            with opening:
                if path := self._claim(number, document):
                    return AttemptWriter(path, self.id, seq, first_step, self.columns)

    def _claim(self, number: int, document: dict[str, Any]) -> Path | None:
        """The attempt's folder, or None if another process was faster."""
        path = self.path / "attempts" / f"{number:03d}"
        text = sealed_json.seal(document, place(self.id, number, "attempt.json"), indent=2)
        # A rename never replaces a non-empty folder: each number is claimed once, and an attempt
        # always has its attempt.json.
        try:
            with files.new_folder(path) as folder:
                files.write_new(folder / "attempt.json", text)
        except OSError:
            if not path.exists():
                raise
            return None
        return path


_are_numbers = shape(list[int])


def _is_version(value: Any) -> TypeGuard[list[int]]:
    return _are_numbers(value) and len(value) == 2


def _busy(run: str, attempt: Attempt) -> BusyError:
    info = attempt.info
    return BusyError(
        "another process is training this run",
        where=run,
        found=f"process {info.get('pid')} on {info.get('host')}, attempt {attempt.number}",
        hint="stop it first, or take the run over (--take-over)",
    )

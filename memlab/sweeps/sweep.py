"""The folder of a sweep, `runs/sweeps/<id>/`.

    sweep.json            sealed, never changed: the plan with the run ids and settings of members
    sweep.yaml            the sweep as a sweep file, for people
    labels.json           name, tags, note
    additions/0001.json   sealed: added seeds or steps
    stop.json             exists while the sweep is stopped
    retries.json          attempts of members that no longer count as failures
    problems/             why members could not start

Members are ordinary runs in `runs`. Their states are read from their run folders.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, final

from memlab.errors import RunError
from memlab.record import files, labels, sealed_json
from memlab.record.labels import Labels
from memlab.record.run_id import new_id
from memlab.sweeps.plan import Cell, Member, Plan, SweepAxis

FORMAT = "memlab-sweep"
VERSION = (1, 0)
FOLDER = "sweeps"
"""folder of all sweeps within the folder of runs"""
MAX_SAME_PROBLEM = 2
"""A member has failed after it could not start this many times for the same reason."""


@dataclass(frozen=True)
class Addition:
    """Members or steps added to a sweep after it was created."""

    members: tuple[Member, ...] = ()
    steps: int | None = None
    """all members train up to this step"""


@final
class Sweep:
    """One sweep: its plan and additions. `SweepProgress` reads the states of its members."""

    def __init__(self, path: Path, plan: Plan, created: float, adopted: bool) -> None:
        self.path, self.id = path, path.name
        self.plan, self.created = plan, created
        self.adopted = adopted
        """made of runs that already existed"""
        self.runs = path.absolute().parent.parent
        """the folder of all runs"""

    @classmethod
    def open(cls, path: Path) -> Self:
        """The sweep in a folder.

        Raises:
            RunError: there is no sweep, or it is damaged.
        """
        document = sealed_json.read(path / "sweep.json", _place(path.name, "sweep.json"))
        if document is None or document.get("format") != FORMAT:
            raise RunError(
                "this is not a sweep, or it is damaged",
                where=str(path),
                hint="a damaged sweep can be removed by deleting its folder; its runs are intact",
            )
        if document["version"][0] != VERSION[0]:
            raise RunError(
                "this sweep has another format version",
                where=str(path),
                found=str(document["version"]),
                allowed=str(list(VERSION)),
            )
        try:
            plan = Plan.from_json(document["plan"])
        except (KeyError, TypeError) as error:
            raise RunError("sweep.json is incomplete", where=str(path), found=str(error)) from None
        return cls(path, plan, document.get("created", 0.0), document.get("adopted", False))

    @classmethod
    def create(cls, runs: Path, plan: Plan, text: str, *, adopted: bool = False) -> Self:
        """Write a sweep atomically. Its members are not created yet.

        Args:
            text: content of sweep.yaml.
        """
        folder = runs / FOLDER
        files.make_folder(folder)
        sweep = new_id(folder)
        document = {
            "format": FORMAT,
            "version": list(VERSION),
            "id": sweep,
            "created": time.time(),
            "adopted": adopted,
            "plan": plan.to_json(),
        }
        with files.new_folder(folder / sweep) as made:
            sealed = sealed_json.seal(document, _place(sweep, "sweep.json"))
            files.write_new(made / "sweep.json", sealed)
            files.write_new(made / "sweep.yaml", text.encode())
            labels.write(made, sweep, Labels(name=plan.name))
        return cls.open(folder / sweep)

    @property
    def name(self) -> str:
        """The name from its labels, or from the plan."""
        return labels.read(self.path, self.id).name or self.plan.name

    @property
    def axes(self) -> tuple[SweepAxis, ...]:
        return self.plan.axes

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells: groups of members that differ only in their seeds."""
        return self.plan.cells

    @property
    def members(self) -> tuple[Member, ...]:
        """All members, including added ones, in the order of execution."""
        return self.plan.members + tuple(m for added in self.additions for m in added.members)

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, including added ones."""
        return tuple(dict.fromkeys(member.seed for member in self.members))

    @cached_property
    def additions(self) -> tuple[Addition, ...]:
        """All additions, oldest first; read once. A damaged one is empty."""
        stored = [addition or {} for addition in self._stored_additions.values()]
        return tuple(
            Addition(tuple(Member(**m) for m in one.get("members", ())), one.get("steps"))
            for one in stored
        )

    @property
    def missing_additions(self) -> tuple[str, ...]:
        """Names of additions that are damaged, or missing before a readable one.

        `members` does not include their members.
        """
        stored = self._stored_additions
        last = max((int(Path(name).stem) for name in stored if stored[name]), default=0)
        names = {*stored, *map(_addition_name, range(1, last))}
        return tuple(sorted(name for name in names if not stored.get(name)))

    @cached_property
    def _stored_additions(self) -> dict[str, dict[str, Any] | None]:
        """Name to contents of each addition; None = damaged."""
        paths = self._addition_paths()
        return {path.name: sealed_json.read(path, _place(self.id, path.name)) for path in paths}

    @property
    def extended_to(self) -> int | None:
        """The step up to which all members train; None = as planned."""
        steps = [added.steps for added in self.additions if added.steps is not None]
        return max(steps, default=None)

    def target(self, member: Member) -> int:
        """The step at which a member is complete."""
        return max(self.cells[member.cell].updates, self.extended_to or 0)

    def add(self, addition: Addition) -> Self:
        """Store an addition; returns the sweep with it.

        Raises:
            FileExistsError: another process added something at the same time.
        """
        folder = self.path / "additions"
        files.make_folder(folder)
        last = max((int(path.stem) for path in self._addition_paths()), default=0)
        name = _addition_name(last + 1)
        files.write_new(
            folder / name, sealed_json.seal(asdict(addition), _place(self.id, name), indent=2)
        )
        files.sync_folder(folder)
        return type(self).open(self.path)

    def stop(self) -> None:
        """Ask all workers to save a checkpoint and exit."""
        self._put("stop.json", {"asked": time.time()})

    @property
    def stopped(self) -> bool:
        """Whether the sweep was stopped and not resumed since."""
        return (self.path / "stop.json").exists()

    def resume(self, ignored_attempts: Mapping[str, int]) -> None:
        """Let workers continue.

        Args:
            ignored_attempts: run id to the number of its first attempts that no longer count as
                failures.
        """
        self._put("retries.json", {"attempts": {**self.retries, **ignored_attempts}})
        for path in (self.path / "problems").glob("*.json"):
            path.unlink(missing_ok=True)
        (self.path / "stop.json").unlink(missing_ok=True)

    @property
    def retries(self) -> dict[str, int]:
        """Run id to the number of its first attempts that no longer count as failures."""
        stored = sealed_json.read(self.path / "retries.json", _place(self.id, "retries.json")) or {}
        return dict(stored.get("attempts", {}))

    def has_changed(self) -> bool:
        """Whether something was added since this object read it."""
        return len(self._addition_paths()) != len(self.additions)

    def _addition_paths(self) -> list[Path]:
        return sorted((self.path / "additions").glob("[0-9][0-9][0-9][0-9].json"))

    def report_problem(self, run: str, text: str) -> None:
        """Store why a member could not start; the second time for the same reason it has failed."""
        files.make_folder(self.path / "problems")
        name = f"problems/{run}.json"
        before = sealed_json.read(self.path / name, _place(self.id, name)) or {}
        times = before.get("times", 0) + 1 if before.get("error") == text else 1
        self._put(name, {"run": run, "error": text, "times": times})

    def problems(self) -> dict[str, str]:
        """Run id to reason, for members that failed because they could not start."""
        reasons = {}
        for path in (self.path / "problems").glob("*.json"):
            name = f"problems/{path.name}"
            stored = sealed_json.read(path, _place(self.id, name)) or {}
            if stored.get("times", 0) >= MAX_SAME_PROBLEM:
                reasons[path.stem] = str(stored.get("error"))
        return reasons

    def _put(self, name: str, document: Mapping[str, Any]) -> None:
        files.replace(self.path / name, sealed_json.seal(document, _place(self.id, name), indent=2))


def _addition_name(number: int) -> str:
    return f"{number:04d}.json"


def _place(sweep: str, name: str) -> str:
    return f"{sweep}/{name}"


def sweep_paths(runs: Path) -> list[Path]:
    """The folders of all sweeps, newest first."""
    folder = runs / FOLDER
    return sorted((p.parent for p in folder.glob("*/sweep.json")), reverse=True)


def find_sweep(runs: Path, ref: str) -> Sweep:
    """The sweep with the reference `ref`: an id, a prefix of it, a path, a unique name, or "last".

    Raises:
        RunError: no sweep or several have this reference.
    """
    if "/" in ref and (Path(ref) / "sweep.json").exists():
        return Sweep.open(Path(ref))
    paths = sweep_paths(runs)
    if ref == "last":
        matches = paths[:1]
    else:
        matches = [path for path in paths if ref and path.name.startswith(ref)]
        matches = matches or [p for p in paths if labels.read(p, p.name).name == ref]
    if len(matches) == 1:
        return Sweep.open(matches[0])
    names = ", ".join(path.name for path in (matches or paths)[:5])
    raise RunError(
        "several sweeps match" if matches else "there is no such sweep",
        where=ref,
        found=f"in {runs / FOLDER}: {names or 'nothing'}",
        allowed="an id, a prefix of an id, a name, a path, or `last`",
    )

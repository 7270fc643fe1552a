"""A run folder goes in, events come out and are written down. Resuming is the only way to start.

The worker makes true what `train` says: it commits the checkpoint before it writes `checkpoint`,
and hands on what people ask of the run.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from memlab.engine.checkpoint import (
    from_files,
    restore_best,
    to_files,
    weights_sha256,
    weights_to_bytes,
)
from memlab.engine.device import choose_device, describe, make_deterministic
from memlab.engine.material import Material
from memlab.engine.state import TrainState, fresh_state
from memlab.engine.train import train
from memlab.preset.load import from_json
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.commands import Command, Edit, Inbox, Pause, Resume, Stop
from memlab.record.events import (
    Checkpoint,
    Edited,
    Ended,
    Event,
    Finding,
    Paused,
    Resumed,
    Started,
)
from memlab.record.events import from_json as from_json_event
from memlab.record.folder import RunFolder
from memlab.record.summary import closing_facts

KEEP_LAST = 2
PAUSE_POLL_SECONDS = 0.05


def work(
    folder: RunFolder,
    *,
    edits: Mapping[str, Any] | None = None,
    device: str = "auto",
    take_over: bool = False,
    interrupted: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Begin the run in `folder`, or go on from its newest checkpoint, until it ends.

    Args:
        edits: settings to change first, dotted name to value.
        device: cpu, cuda or auto; a run that has begun stays on its device where it can.
        take_over: end a live process on this run as superseded.
        interrupted: polled between blocks; true asks for a checkpoint and a clean end.

    Raises:
        BusyError: the run is alive elsewhere and `take_over` is false.
    """
    attempts = folder.attempts()
    first = attempts[0].info if attempts else None
    chosen = _device_of(first, device)
    make_deterministic(first["threads"] if first else None)
    begun = _begin(folder, chosen)
    info = describe(chosen) | {"resumed_from": begun.resumed_from}
    writer = folder.claim(info, seq=begun.seq, first_step=begun.state.step + 1, take_over=take_over)
    with writer:
        worker = _Worker(folder, writer, begun.state, begun.material, interrupted)
        worker.requests.extend([Edit(dict(edits))] if edits else [])
        worker.kept.extend([] if begun.resumed_from is None else [begun.resumed_from])
        yield writer.write(
            Started(
                step=begun.state.step,
                attempt=writer.number,
                resumed_from=begun.resumed_from,
                device=chosen.type,
                engine=begun.material.choice.name,
                engine_reason=begun.material.choice.reason,
            )
        )
        for finding in [*begun.findings, *_changed_circumstances(first, info)]:
            yield writer.write(replace(finding, step=begun.state.step))
        yield from worker.run(begun.announce)


@dataclass(frozen=True)
class _Beginning:
    state: TrainState
    material: Material
    seq: int
    resumed_from: int | None
    announce: list[Event]
    """events that the checkpoint makes true"""
    findings: list[Finding]


def _begin(folder: RunFolder, device: torch.device) -> _Beginning:
    preset = from_json(folder.description["preset"])
    material = Material(preset, device)
    state = fresh_state(material)
    if not folder.checkpoints.steps():
        return _Beginning(state, material, 0, None, [], [])
    stored = folder.checkpoints.load(need="resume")
    facts = from_files(state, stored.files)
    if facts["best"]:
        best = folder.checkpoints.load(facts["best"]["step"], need="weights")
        restore_best(state, facts, best.files["model.safetensors"])
    announce = [from_json_event(event) for event in facts["announce"]]
    return _Beginning(
        state, material, facts["seq"], stored.step, announce, [_refused(r) for r in stored.refused]
    )


@dataclass
class _Worker:
    """Writes down what training says, and listens for what people ask."""

    folder: RunFolder
    writer: AttemptWriter
    state: TrainState
    material: Material
    interrupted: Callable[[], bool]
    requests: deque[Command] = field(default_factory=deque)
    best_saved: int | None = None
    kept: deque[int] = field(default_factory=lambda: deque(maxlen=KEEP_LAST))
    """steps of the newest checkpoints that a run can go on from"""

    def run(self, announce: list[Event]) -> Iterator[Event]:
        inbox = Inbox(self.folder, self.writer.number)
        for event in announce:
            yield self.writer.write(event)
        for event in train(self.state, self.material, self.requests):
            match event:
                case Checkpoint():
                    yield from self._commit([event])
                case Edited():
                    checkpoint = Checkpoint(step=event.step, best_step=self._best_step())
                    yield from self._commit([event, checkpoint])
                case Ended():
                    yield self._end(event.reason)
                    return
                case _:
                    yield self.writer.write(event)
            self.writer.beat(self.state.step)
            if self.writer.superseded():
                yield self._end("superseded")
                return
            yield from self._listen(inbox)

    def _listen(self, inbox: Inbox) -> Iterator[Event]:
        paused = self._take(inbox)
        if not paused:
            return
        yield self.writer.write(Paused(step=self.state.step))
        while paused and not self.state.ending and Stop() not in self.requests:
            time.sleep(PAUSE_POLL_SECONDS)
            self.writer.beat(self.state.step)
            paused = self._take(inbox, paused=True)
        yield self.writer.write(Resumed(step=self.state.step))

    def _take(self, inbox: Inbox, paused: bool = False) -> bool:
        """Sort what has come in; returns whether training is to wait."""
        if self.interrupted():
            self.state.ending = self.state.ending or "interrupted"
        for command in inbox.poll():
            match command:
                case Pause():
                    paused = True
                case Resume():
                    paused = False
                case _:
                    self.requests.append(command)
        return paused

    def _best_step(self) -> int | None:
        return self.state.best.step if self.state.best else None

    def _commit(self, announce: list[Event]) -> Iterator[Event]:
        step, best = self.state.step, self.state.best
        if best and best.step not in (self.best_saved, step):
            self.writer.commit(best.step, {"model.safetensors": weights_to_bytes(best.weights)})
            self.best_saved = best.step
        self.writer.commit(step, to_files(self.state, self.writer.seq, announce))
        for event in announce:
            yield self.writer.write(event)
        self.kept.append(step)
        self.folder.checkpoints.prune({*self.kept, *([best.step] if best else [])})

    def _end(self, reason: str) -> Event:
        weights = weights_sha256(dict(self.state.model.named_parameters()))
        summary = {"weights_sha256": weights, **closing_facts(self.folder)}
        ended = self.writer.write(Ended(step=self.state.step, reason=reason, summary=summary))
        self.writer.end(reason, self.state.step, summary)
        return ended


def _device_of(first: Mapping[str, Any] | None, asked: str) -> torch.device:
    """The device asked for; by default the one that the run began on, where it is here."""
    if asked == "auto" and first and first["device"] == "cpu":
        return choose_device("cpu")
    return choose_device(asked)


def _refused(reason: str) -> Finding:
    return Finding(
        step=0,
        level="warning",
        what=f"a checkpoint was refused: {reason}",
        why="its contents do not match its hashes",
        advice="the one before was used; the steps since then are computed again",
    )


def _changed_circumstances(
    first: Mapping[str, Any] | None, now: Mapping[str, Any]
) -> list[Finding]:
    """What differs from the first attempt in a way that changes bits."""
    keys = ("device", "device_name", "threads", "versions")
    return [
        Finding(
            step=0,
            level="warning",
            what=f"{key} was {first[key]} when the run began and is {now[key]} now",
            why="sums are made in another order, so the same steps may differ in their last bits",
            advice="go on where the run began if it must be reproducible bit for bit",
        )
        for key in keys
        if first and first.get(key) != now[key]
    ]

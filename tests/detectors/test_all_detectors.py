"""All detectors together, on the events of a run."""

import json
from pathlib import Path

import numpy as np

import memlab.detectors
from benchmarks.spikes.score import rows_of
from memlab.detectors import all_detectors
from memlab.detectors.detector import Context
from memlab.record.events import Change, Edited, Ended, Evaluated, Event, Samples

CONTEXT = Context(chance_loss=4.57, steps=1400, floor_loss=0.01)
RECORDED = Path(__file__).parents[2] / "benchmarks" / "spikes" / "recorded"


def stream(block: int) -> list[Event]:
    """A recorded run with an evaluation every 100 steps, a change and an edit; rows in blocks."""
    loss = np.load(RECORDED / "add-97-one-layer.npy")[:, 0]
    events: list[Event] = []
    for start in range(0, 1400, 100):
        for first in range(start, start + 100, block):
            events.append(rows_of(loss[first : min(first + block, start + 100)], first + 1))
        at = start + 100
        values = {"train_loss": float(loss[at - 1]), "val_loss": 4.0, "train_accuracy": 1.0}
        events += [Evaluated(step=at, values=values), Samples(step=at, samples=[])]
        if at == 500:
            events.append(Change(step=at, what="planned"))
        if at == 900:
            events.append(Edited(step=at, changes={"optimizer.lr": 0.1}))
    return [*events, Ended(step=1400, reason="finished")]


def detected(events: list[Event], restored: bool = False) -> list[Event]:
    detectors, found = all_detectors(CONTEXT), []
    for event in events:
        found += [result for detector in detectors for result in detector.see(event)]
        if restored:
            states = json.loads(json.dumps([d.state() for d in detectors], allow_nan=False))
            detectors = all_detectors(CONTEXT)
            for detector, state in zip(detectors, states, strict=True):
                detector.restore(state)
    return found


def test_every_detector_is_found_in_the_order_of_names() -> None:
    names = [type(detector).__name__ for detector in all_detectors(CONTEXT)]
    assert names == ["AdviceDetector", "PhaseDetector", "SpikeDetector"]
    folder = Path(memlab.detectors.__file__).parent
    defined = sum("(Detector):" in file.read_text() for file in folder.glob("*.py"))
    assert defined == len(names)


def test_detectors_restored_after_each_event_find_the_same() -> None:
    found = detected(stream(100))
    assert {event.kind for event in found} >= {"spike_onset", "spike", "phase"}
    assert detected(stream(100), restored=True) == found


def test_results_do_not_depend_on_the_size_of_blocks() -> None:
    def kinds(block: int) -> list[Event]:
        return sorted(detected(stream(block)), key=lambda event: (event.step, event.kind))

    assert kinds(1) == kinds(33) == kinds(100)

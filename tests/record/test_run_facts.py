"""Facts of a run: the values of `run.json`, and defaults for missing ones."""

from pathlib import Path
from typing import Any

from memlab.preset.create import create_run
from memlab.preset.load import from_json
from memlab.record.run_facts import RunFacts

PRESET: dict[str, Any] = {
    "name": "small",
    "about": "A small run.",
    "task": {"kind": "modular", "operation": "add", "modulus": 7, "train_fraction": 0.5},
    "training": {"steps": 30, "batch_size": 8, "seed": 5},
}


def test_facts_are_those_of_the_preset_and_its_check(tmp_path: Path) -> None:
    facts = create_run(from_json(PRESET), tmp_path, "").facts
    assert (facts.preset, facts.about, facts.seed) == ("small", "A small run.", 5)
    assert (facts.planned_steps, facts.has_batches, facts.updates_per_epoch) == (30, True, 3)
    assert facts.train_examples == 24
    assert facts.chance_loss and 0 < facts.chance_loss < 2


def test_missing_facts_have_defaults() -> None:
    assert RunFacts.of({}) == RunFacts()
    assert RunFacts.of({"preset": None, "check": {"chance_loss": 0.0}}) == RunFacts()


def test_full_batches_are_recognized() -> None:
    assert not RunFacts.of({"preset": {"training": {"batch_size": "full"}}}).has_batches


def test_the_update_loss_is_objective_batch_or_train(tmp_path: Path) -> None:
    smoothed = {**PRESET, "training": {**PRESET["training"], "label_smoothing": 0.1}}
    facts = create_run(from_json(smoothed), tmp_path, "").facts
    assert (facts.update_loss, facts.is_smoothed) == ("objective", True)
    assert facts.objective_floor and facts.objective_floor > 0.3
    plain = create_run(from_json(PRESET), tmp_path, "").facts
    assert (plain.update_loss, plain.is_smoothed) == ("batch", False)
    assert RunFacts.of({"source": {"path": "log.csv"}}).update_loss == "train"

"""A run's data are made once per process."""

import gc
import weakref

from memlab.preset import check, findings
from memlab.preset.facts import facts
from memlab.preset.load import load
from memlab.tasks.modular import Modular


def test_one_run_makes_its_data_once_and_looks_at_them_once(memlab, monkeypatch):
    made, looked = [], []
    original = Modular.dataset

    def dataset(self, seeds):
        made.append(self)
        return original(self, seeds)

    def rule(known):
        looked.append(known)
        return iter(())

    monkeypatch.setattr(Modular, "dataset", dataset)
    monkeypatch.setattr(check, "RULES", (*findings.RULES, rule))
    memlab("run", "tiny", "training.steps=10", "--quiet")
    assert len(made) == len(looked) == 1


def test_facts_are_kept_only_while_somebody_holds_them():
    preset = load("quickstart")
    held = facts(preset)
    assert facts(load("quickstart")) is held
    assert facts(load("quickstart", ["training.seed=7"])) is not held
    reference = weakref.ref(held)
    del held
    gc.collect()
    assert reference() is None

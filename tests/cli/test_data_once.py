"""The data of a run are generated once per process."""

import gc
import weakref

from memlab.preset import check, findings
from memlab.preset.facts import facts
from memlab.preset.load import load
from memlab.tasks.modular import Modular


def test_one_run_generates_and_analyses_its_data_once(memlab, monkeypatch):
    generated, analysed = [], []
    original = Modular.dataset

    def dataset(self, seeds):
        generated.append(self)
        return original(self, seeds)

    def rule(known):
        analysed.append(known)
        return iter(())

    monkeypatch.setattr(Modular, "dataset", dataset)
    monkeypatch.setattr(check, "RULES", (*findings.RULES, rule))
    memlab("run", "tiny", "training.steps=10", "--quiet")
    assert len(generated) == len(analysed) == 1


def test_facts_are_cached_only_while_they_are_referenced():
    preset = load("quickstart")
    cached = facts(preset)
    assert facts(load("quickstart")) is cached
    assert facts(load("quickstart", ["training.seed=7"])) is not cached
    reference = weakref.ref(cached)
    del cached
    gc.collect()
    assert reference() is None

"""Verdicts on claims about runs with events chosen by the tests."""

from math import nan
from pathlib import Path

import pytest

from memlab.claims.claim_measures import EVENT_MEASURES
from memlab.claims.verdicts import judge, statement
from memlab.errors import PresetError
from memlab.preset.check import check_preset
from memlab.preset.load import available, from_json, load
from memlab.preset.schema import Claim
from memlab.record.events import Ended, Evaluated, Phase, Spike
from memlab.record.folder import RunFolder
from memlab.record.history import History


@pytest.fixture
def run(tmp_path: Path):
    """Create a run with these events; returns its snapshot."""

    def make(*events):
        folder = RunFolder.create(tmp_path, {}, "", "a run")
        with folder.claim({}, seq=0, first_step=1) as writer:
            for event in events:
                writer.write(event)
        return History(folder).until()

    return make


def evaluated(**columns):
    """An evaluation every ten steps: `evaluated(val_loss=[3, 2, 1])`."""
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [Evaluated(step=10 * i, values=values) for i, values in enumerate(rows)]


def verdict(snapshot, complete=str, **claim):
    """The verdict on one claim: status, measured, step."""
    (found,) = judge([Claim(source="a test", **claim)], snapshot, complete)
    return found.status, found.measured, found.step


LOSS = [5.0, 3.0, 1.0, 0.5, 0.2, 4.0, 0.1, 0.3]
FINISHED = Ended(step=70, reason="finished")
END = {"measure": "val_loss", "at_end": True}


@pytest.mark.parametrize(("claim", "expected"), [
    ({"at_most": 1.0, "by_step": 70}, ("met", 1.0, 20)),
    ({"at_most": 1.0, "by_step": 20}, ("met", 1.0, 20)),
    ({"at_most": 1.0, "by_step": 19}, ("not met", 3.0, 10)),
    ({"at_least": 6.0, "by_step": 70}, ("not met", 5.0, 0)),
    ({"at_most": 0.01, "not_by_step": 70}, ("met", 0.1, 60)),
    ({"at_most": 0.2, "not_by_step": 70}, ("not met", 0.2, 40)),
    ({"at_most": 0.2, "not_by_step": 30}, ("met", 0.5, 30)),
    ({"at_most": 0.31, "at_end": True}, ("met", 0.3, None)),
    ({"at_most": 0.29, "at_end": True}, ("not met", 0.3, None)),
    ({"equals": 0.3, "at_end": True}, ("met", 0.3, None)),
    ({"equals": 0.5, "by_step": 70}, ("met", 0.5, 30)),
])  # fmt: skip
def test_a_claim_is_judged_by_its_measure(run, claim, expected):
    """The value at the end is the median of 0.5, 0.2, 4.0, 0.1, 0.3: one spike has no effect."""
    snapshot = run(*evaluated(val_loss=LOSS), FINISHED)
    assert verdict(snapshot, measure="val_loss", **claim) == expected
    assert verdict(snapshot, measure="loss", split="val", **claim) == expected


@pytest.mark.parametrize("ending", [[], [Ended(step=70, reason="stopped")]])
def test_claims_beyond_the_last_step_of_a_run_are_open(run, ending):
    snapshot = run(*evaluated(val_loss=LOSS), *ending)
    assert verdict(snapshot, **END, at_most=1.0) == ("open", 0.3, None)
    assert verdict(snapshot, measure="val_loss", at_most=0.01, by_step=71)[0] == "open"
    assert verdict(snapshot, measure="val_loss", at_most=0.01, not_by_step=71)[0] == "open"
    assert verdict(snapshot, measure="val_loss", at_most=1.0, by_step=71)[0] == "met"
    assert verdict(snapshot, completes={"prompt": "a", "answer": "b"})[0] == "open"


def test_a_shortened_run_leaves_claims_beyond_its_end_open(run):
    snapshot = run(*evaluated(val_loss=LOSS), FINISHED)
    assert verdict(snapshot, measure="val_loss", at_most=0.01, by_step=100) == ("open", 0.1, 60)


def test_claims_about_a_measure_that_was_not_recorded_are_open(run):
    snapshot = run(*evaluated(val_loss=LOSS), FINISHED)
    assert verdict(snapshot, measure="val_digits", at_least=1, at_end=True) == ("open", None, None)
    assert verdict(snapshot, measure="val_digits", at_least=1, by_step=9) == ("open", None, None)


def test_a_diverged_run_decides_claims_beyond_its_last_step(run):
    snapshot = run(*evaluated(val_loss=[5.0, nan]), Ended(step=10, reason="diverged"))
    assert verdict(snapshot, measure="val_loss", at_most=1.0, by_step=500)[0] == "not met"
    assert verdict(snapshot, **END, at_most=10.0)[0] == "not met"


def test_a_measure_evaluated_once_is_the_value_at_the_end(run):
    events = evaluated(val_loss=LOSS)
    events.append(Evaluated(step=70, values={"val_loss": 0.3, "test_accuracy": 0.9}))
    snapshot = run(*events, FINISHED)
    assert verdict(snapshot, measure="test_accuracy", equals=0.9, at_end=True)[0] == "met"
    assert verdict(snapshot, **END, at_most=1)[1] == 0.3


def test_the_suffix_of_a_measure_selects_one_task_of_a_mixture(run):
    groups = {"copy": {"val_accuracy": 0.9}, "add": {"val_accuracy": 0.2}}
    snapshot = run(Evaluated(step=0, values={"val_accuracy": 0.5}, groups=groups), FINISHED)
    for group, value in (("copy", 0.9), ("add", 0.2)):
        claim = {"measure": f"val_accuracy_{group}", "at_least": 0.0, "at_end": True}
        assert verdict(snapshot, **claim) == ("met", value, None)


def spike(step: int, peak: float) -> Spike:
    return Spike(
        step=step, onset=step - 5, base=0.1, peak=peak, peak_step=step - 4,
        recovered_at=step, label="spike",
    )  # fmt: skip


def test_spikes_count_from_the_step_at_which_they_close(run):
    snapshot = run(spike(20, 4.0), spike(60, 2.0), FINISHED)
    assert verdict(snapshot, measure="spikes", at_least=2, at_end=True) == ("met", 2.0, None)
    assert verdict(snapshot, measure="spikes", at_least=1, by_step=70) == ("met", 1.0, 20)
    assert verdict(snapshot, measure="spike_peak", at_least=4.0, at_end=True)[:2] == ("met", 4.0)
    without_spikes = run(FINISHED)
    assert verdict(without_spikes, measure="spikes", at_most=0, at_end=True) == ("met", 0.0, None)
    assert verdict(without_spikes, measure="spikes", at_least=1, not_by_step=70) == ("met", 0.0, 0)


def test_the_grok_ratio_is_the_ratio_of_the_two_steps(run):
    memorized = Phase(step=100, after=90, name="memorized")
    grokked = Phase(step=1200, after=1100, name="grokked")
    late = {"measure": "grok_ratio", "at_least": 10, "at_end": True}
    assert verdict(run(memorized, grokked, FINISHED), **late) == ("met", 12.0, None)
    assert verdict(run(memorized, FINISHED), **late)[0] == "not met"


def test_a_completion_must_equal_the_answer(run):
    snapshot = run(FINISHED)
    claim = {"completes": {"prompt": "I", "answer": " love"}}
    assert verdict(snapshot, {"I": " love"}.get, **claim) == ("met", " love", None)
    assert verdict(snapshot, {"I": " lov"}.get, **claim) == ("not met", " lov", None)


@pytest.mark.parametrize(("claim", "text"), [
    ({"measure": "val_accuracy", "at_least": 0.99, "by_step": 1200}, "val_accuracy >= 0.99 by step 1,200"),
    ({"measure": "accuracy", "split": "val", "at_least": 0.99, "not_by_step": 1200}, "val_accuracy < 0.99 up to step 1,200"),
    ({"measure": "val_loss", "at_most": 0.0314, "at_end": True}, "val_loss <= 0.0314 at the end"),
    ({"measure": "spikes", "equals": 0, "at_end": True}, "spikes = 0 at the end"),
    ({"completes": {"prompt": "I", "answer": " love"}}, "completes 'I' with ' love'"),
])  # fmt: skip
def test_a_claim_is_stated_in_one_line(claim, text):
    assert statement(Claim(source="a test", **claim)) == text


@pytest.mark.parametrize("claim", [
    {"measure": "val_loss", "at_most": 1.0},
    {"measure": "val_loss", "at_most": 1.0, "by_step": 1, "not_by_step": 1},
    {"measure": "val_loss", "at_most": 1.0, "by_step": 1, "at_end": True},
    {"measure": "val_loss", "at_end": True},
    {"at_most": 1.0, "at_end": True},
    {"completes": {"prompt": "I", "answer": "x"}, "at_most": 1.0, "measure": "val_loss"},
])  # fmt: skip
def test_an_incomplete_claim_is_rejected(claim):
    with pytest.raises(PresetError):
        from_json(load("quickstart").model_dump() | {"claims": [claim | {"source": "a test"}]})


LOSSES = ("loss", "accuracy", "token_accuracy")
SHIPPED = [a.name for a in available()]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_claim_names_a_measure_of_its_run(name):
    preset = load(name)
    facts = check_preset(preset).facts
    dataset = facts.dataset
    parts = [
        "",
        *(f"_{group}" for group in dataset.groups),
        "_noisy",
        "_clean",
        "_repeated",
        "_once",
    ]
    splits = {f"{split}_" for split in dataset.splits if not split.startswith("ood")}
    known = {split + measure + part for split in splits for measure in LOSSES for part in parts}
    known |= {split + score for split in splits for score in preset.task.score_names}
    known |= {"accuracy_gap", "memorized_bits", "bits_per_parameter", *EVENT_MEASURES}
    known |= set(preset.evaluation.measures)
    for claim in preset.claims:
        assert claim.completes or (claim.split or "") + str(claim.measure) in known
        limit = claim.by_step or claim.not_by_step or 0
        assert limit <= facts.updates


@pytest.mark.parametrize(("name", "train", "val", "test"), [
    ("add-97", 6586, 1411, 1412), ("subtract-97", 6586, 1411, 1412), ("divide-97", 6518, 1396, 1398),
    ("add-113", 8938, 1915, 1916), ("subtract-113-2-layers", 8938, 1915, 1916),
])  # fmt: skip
def test_split_sizes_of_presets_that_reproduce_a_source(name, train, val, test):
    examples = check_preset(load(name)).to_json()["examples"]
    assert examples == {"train": train, "val": val, "test": test}

"""Explanations on a small run: exact recomputation, measurements, changes, storage."""

import numpy as np
import pytest
import torch

from memlab.errors import RunError
from memlab.preset.create import create_run
from memlab.record.commands import Edit, send
from memlab.record.events import COLUMNS, Started
from memlab.record.explanation import document_name
from memlab.record.history import History
from memlab.training import recompute
from memlab.training.explain.changes import all_changes
from memlab.training.explain.explain import chosen_spike, explain_spike
from memlab.training.explain.instruments import measure
from memlab.training.explain.trial import StartState, try_change
from memlab.training.explain.window import Window
from memlab.training.recompute import Recomputation
from memlab.training.worker import work

from .conftest import SPIKE, trained


def recorded_loss(folder, first, last):
    _, rows = History(folder).until().steps.read(first, last)
    return rows[:, COLUMNS.index("loss")].astype(np.float64)


def test_the_explanation_has_all_changes_and_is_stored(explained, monkeypatch):
    folder, document, lines = explained
    assert lines[0] == "recomputing from step 10"
    assert lines[1:] == [
        f"{i + 1} of 18: {name}"
        for i, name in enumerate(
            [*[c["change"] for c in document["changes"][1:]], "measuring tensors and answers"]
        )
    ]
    assert document["recomputed"]["equal"]
    assert document["recomputed"]["from"] == 10
    names = {change["change"]: change for change in document["changes"]}
    kinds = [change["kind"] for change in document["changes"]]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "control": 1, "cause": 6, "information": 6, "placebo": 5,
    }  # fmt: skip
    assert {"weight decay 0", "beta2 0.999", "other batch order"} <= names.keys()
    losses = recorded_loss(folder, 16, 60)
    assert names["no change"]["peak"] == losses.max()
    assert document["spike"]["step"] == 35
    assert (folder.derived / document_name(SPIKE.onset)).exists()

    def never(*_):
        raise AssertionError("the explanation is computed again")

    monkeypatch.setattr("memlab.training.explain.explain._explained", never)
    assert explain_spike(folder, SPIKE, "cpu") == document


def test_other_bits_are_reported_and_nothing_is_explained(folder, monkeypatch):
    real = recompute.restore

    def drifted(*arguments, **options):
        start = real(*arguments, **options)
        next(start.state.model.parameters()).data.mul_(1.001)
        return start

    monkeypatch.setattr(recompute, "restore", drifted)
    document = explain_spike(folder, SPIKE, "cpu")
    assert document["recomputed"] == {"from": 10, "equal": False, "first_difference": 11}
    assert (document["changes"], document["causes"]) == ([], [])
    assert not (folder.derived / document_name(SPIKE.onset)).exists()


def prepared(folder, change_at=15):
    recomputation = Recomputation.before(folder, change_at, 60, "cpu")
    recomputation.go_to(change_at)
    start = StartState.of(recomputation.start.state, recomputation.edits)
    return recomputation.start.state, recomputation.start.run_data, start


def test_a_trial_without_a_change_gives_the_recorded_losses(folder):
    state, run_data, start = prepared(folder)
    window = Window.around(SPIKE, (), 60)
    changes = {c.name: c for c in all_changes(start.preset, window, 1.0, mini_batches=True)}
    for name in ("placebo 1", "beta2 0.999", "weight decay 0", "mlp frozen"):
        # Every trial starts from the same bits.
        assert not np.array_equal(
            try_change(state, run_data, start, changes[name], window).losses,
            recorded_loss(folder, 16, 60),
        )
    unchanged = type(changes["placebo 1"])("nothing", "control")
    result = try_change(state, run_data, start, unchanged, window)
    assert np.array_equal(result.losses, recorded_loss(folder, 16, 60))


def test_only_frozen_tensors_are_constant(folder):
    state, run_data, start = prepared(folder)
    window = Window.around(SPIKE, (), 60)
    frozen = next(
        c
        for c in all_changes(start.preset, window, 1.0, mini_batches=True)
        if c.name == "mlp frozen"
    )
    try_change(state, run_data, start, frozen, window)
    for (name, p), before in zip(state.model.named_parameters(), start.weights, strict=True):
        assert torch.equal(p, before) == ("mlp" in name), name


def test_another_beta2_does_not_change_the_step_size_immediately(folder):
    state, _, start = prepared(folder)
    window = Window.around(SPIKE, (), 60)
    change = next(
        c for c in all_changes(start.preset, window, 1.0, mini_batches=True) if "beta2" in c.name
    )
    before = [s["exp_avg_sq"].clone() for s in state.optimizer.state.values()]
    change.prepare(state)
    for old, values in zip(before, state.optimizer.state.values(), strict=True):
        step = float(values["step"])
        corrected = values["exp_avg_sq"] / (1 - 0.999**step)
        torch.testing.assert_close(corrected, old / (1 - 0.98**step))


@pytest.mark.slow
def test_an_edit_before_the_onset_is_omitted_in_one_trial(tiny, tmp_path):
    edit = Edit({"optimizer.lr": 0.3}, at=30)
    folder = trained(tiny(**{"training.steps": 60}), tmp_path, edit)
    document = explain_spike(folder, SPIKE, "cpu")
    assert document["window"]["change_at"] == 15
    assert document["recomputed"]["equal"]
    losses = {c["change"]: c for c in document["changes"]}
    without_edit = trained(tiny(**{"training.steps": 60}), tmp_path / "without_edit")
    omitted = losses["without the edit of optimizer.lr"]
    assert omitted["peak"] == recorded_loss(without_edit, 16, document["window"]["last"]).max()


def test_an_unrecorded_spike_after_an_edit_is_found_by_its_step(tiny, tmp_path):
    """The detector resets its base at an edit, so the events have no spike."""
    settings = {
        "training.steps": 240, "optimizer.lr": 0.003, "optimizer.weight_decay": 0.0,
        "training.checkpoint_every": 200, "evaluation.every": 70, "evaluation.samples": 0,
    }  # fmt: skip
    folder = create_run(tiny(**settings), tmp_path)
    for event in work(folder, device="cpu"):
        if isinstance(event, Started):
            send(folder, Edit({"optimizer.lr": 0.3}, at=150))
            send(folder, Edit({"optimizer.lr": 0.003}, at=152))
    recorded = History(folder).until()
    assert not recorded.closed_spikes
    spike = chosen_spike(recorded, at=170)
    assert 150 < spike.onset <= 170 and spike.peak > 10 * spike.base
    with pytest.raises(RunError, match="no closed spike"):
        chosen_spike(recorded, at=100)


def test_instruments_agree_with_the_recorded_columns(folder):
    state, run_data, start = prepared(folder)
    found = measure(state, run_data, start, Window.around(SPIKE, (), 60))
    _, rows = History(folder).until().steps.read(16, 38)
    columns = {name: rows[:, i].astype(np.float64) for i, name in enumerate(COLUMNS)}

    def total(of):
        per_tensor = [getattr(series, of) for series in found.tensors.values()]
        return np.sqrt(np.square(per_tensor).sum(axis=0))

    np.testing.assert_allclose(total("gradient"), columns["grad_norm"], rtol=1e-5)
    measured = ~np.isnan(columns["weight_norm"])
    assert measured.sum() == 2
    for of, column in (("weight", "weight_norm"), ("update", "update_norm")):
        np.testing.assert_allclose(total(of)[measured], columns[column][measured], rtol=1e-4)


def test_attribution_sums_to_the_change_of_the_loss_for_small_updates(tiny, tmp_path):
    settings = {"training.steps": 60, "optimizer.lr": 1e-5, "optimizer.weight_decay": 0.0}
    folder = trained(tiny(**settings), tmp_path)
    state, run_data, start = prepared(folder)
    found = measure(state, run_data, start, Window.around(SPIKE, (), 60))
    attributed = np.sum([series.attribution for series in found.tensors.values()], axis=0)
    np.testing.assert_allclose(attributed, found.true_change, rtol=0.01)


def test_wrong_answers_are_those_with_a_negative_margin(folder):
    state, run_data, start = prepared(folder)
    found = measure(state, run_data, start, Window.around(SPIKE, (), 60))
    for least, wrong in zip(found.least_margin, found.wrong, strict=True):
        assert (least < 0) == (wrong > 0)


def test_a_run_without_spikes_cannot_be_explained(folder):
    with pytest.raises(RunError, match="no closed spike"):
        chosen_spike(History(folder).until())

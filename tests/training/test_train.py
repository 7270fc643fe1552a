"""The training loop as a list of events, which does not depend on interruptions."""

from collections import deque
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from memlab.record.commands import CheckpointNow, Edit, Stop
from memlab.record.events import (
    COLUMNS,
    Checkpoint,
    Edited,
    Ended,
    Evaluated,
    Finding,
    Phase,
    Rows,
    Samples,
)
from memlab.training import step as step_module
from memlab.training.checkpoint import checkpoint_files, load_state, weights_sha256
from memlab.training.evaluate import evaluate
from memlab.training.run_data import RunData
from memlab.training.state import fresh_state
from memlab.training.train import train

CPU = torch.device("cpu")


def run(preset, commands=(), stop_after=None):
    run_data = RunData(preset, CPU)
    state = fresh_state(run_data)
    events = []
    for event in train(state, run_data, deque(commands)):
        events.append(event)
        if stop_after and isinstance(event, Checkpoint) and event.step == stop_after:
            break
    return events, state, run_data


def rows(events):
    return np.concatenate([e.values for e in events if isinstance(e, Rows)])


def without_rows(events):
    return [e for e in events if not isinstance(e, Rows)]


def weights(state):
    return weights_sha256(dict(state.model.named_parameters()))


def test_events_follow_the_schedule_of_the_preset(tiny):
    events, _, _ = run(tiny())
    assert [e.step for e in events if isinstance(e, Evaluated)] == [0, 5, 10, 15, 20, 25, 30]
    assert [e.step for e in events if isinstance(e, Samples)] == [0, 5, 10, 15, 20, 25, 30]
    assert [e.step for e in events if isinstance(e, Checkpoint)] == [10, 20, 30]
    assert isinstance(events[-1], Ended)
    assert events[-1].reason == "finished"
    assert len(rows(events)) == 30


def test_the_same_preset_gives_the_same_bits_and_another_seed_does_not(tiny):
    first, second = run(tiny()), run(tiny())
    other = run(tiny(**{"training.seed": 1}))
    assert without_rows(first[0]) == without_rows(second[0])
    assert rows(first[0]).tobytes() == rows(second[0]).tobytes()
    assert weights(first[1]) == weights(second[1]) != weights(other[1])


@pytest.mark.parametrize(
    "max_rows", [7, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))]
)
def test_results_do_not_depend_on_the_size_of_blocks(tiny, monkeypatch, max_rows):
    whole = run(tiny())
    monkeypatch.setattr(step_module, "MAX_ROWS", max_rows)
    cut = run(tiny())
    assert without_rows(whole[0]) == without_rows(cut[0])
    assert rows(whole[0]).tobytes() == rows(cut[0]).tobytes()
    assert weights(whole[1]) == weights(cut[1])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        pytest.param({"model.dropout": 0.2}, marks=pytest.mark.slow),
        pytest.param({"training.batch_size": 8}, marks=pytest.mark.slow),
        {"training.batch_size": 8, "training.micro_batch_size": 3, "model.dropout": 0.1},
        {"optimizer.kind": "sgd", "optimizer.momentum": 0.9},
        {"optimizer.schedule": "cosine", "optimizer.warmup_steps": 5, "training.patience": 4},
        {"optimizer.decay_on": "matrices", "training.loss_dtype": "float64"},
    ],
    ids=lambda s: ",".join(f"{k.split('.')[1]}={v}" for k, v in s.items()) or "plain",
)
def test_resuming_from_a_checkpoint_gives_the_bits_of_the_undisturbed_run(tiny, settings):
    preset = tiny(**settings)
    whole, state, _ = run(preset)
    first, stopped, run_data = run(preset, stop_after=20)
    files = checkpoint_files(stopped, seq=0, announce=[])
    resumed = fresh_state(run_data)
    facts = load_state(resumed, files)
    resumed.best = stopped.best
    rest = list(train(resumed, run_data, deque()))
    assert facts["step"] == 20
    assert without_rows(first) + without_rows(rest) == without_rows(whole)
    assert rows(first + rest).tobytes() == rows(whole).tobytes()
    assert weights(resumed) == weights(state)


def test_the_generator_can_be_created_again_after_any_yield(tiny):
    whole, state, _ = run(tiny())
    run_data = RunData(tiny(), CPU)
    again = fresh_state(run_data)
    pieces = []
    while not (pieces and isinstance(pieces[-1], Ended)):
        pieces.append(next(iter(train(again, run_data, deque()))))
    assert without_rows(pieces) == without_rows(whole)
    assert weights(again) == weights(state)


def test_every_tenth_row_has_the_norms_of_weights_and_updates(tiny):
    sgd = {"optimizer.kind": "sgd", "optimizer.lr": 0.25, "optimizer.weight_decay": 0.0}
    preset = tiny(**sgd, **{"training.steps": 25, "training.checkpoint_every": 9})
    found = dict(zip(COLUMNS, rows(run(preset)[0]).T, strict=True))
    measured = np.isfinite(found["weight_norm"])
    assert np.flatnonzero(measured).tolist() == [9, 19]
    np.testing.assert_array_equal(measured, np.isfinite(found["update_norm"]))
    _, state, _ = run(preset, stop_after=9)
    squares = sum(float(p.detach().double().square().sum()) for p in state.model.parameters())
    assert found["weight_norm"][9] == pytest.approx(np.sqrt(squares), rel=1e-5)
    # Plain gradient descent: the update is the gradient times the learning rate.
    expected = 0.25 * found["grad_norm"][measured]
    np.testing.assert_allclose(found["update_norm"][measured], expected, rtol=1e-4)


def test_an_edit_takes_effect_after_its_step_and_is_the_last_event_before_the_commit(tiny):
    events, state, _ = run(
        tiny(), [Edit({"optimizer.lr": 0.5, "optimizer.weight_decay": 0.0}, at=12)]
    )
    (edited,) = [e for e in events if isinstance(e, Edited)]
    assert edited.step == 12
    rates = rows(events)[:, 2]
    assert set(rates[:12]) == {np.float32(0.01)}
    assert set(rates[12:]) == {np.float32(0.5)}
    assert state.optimizer.param_groups[0]["weight_decay"] == 0.0


def test_an_edit_of_the_length_extends_the_run(tiny):
    events, _, _ = run(tiny(), [Edit({"training.steps": 40}, at=15)])
    assert len(rows(events)) == 40
    assert events[-1].step == 40


def test_an_edit_that_would_end_the_run_before_its_last_step_is_refused(tiny):
    events, _, _ = run(tiny(), [Edit({"training.steps": 8}, at=12)])
    (finding,) = (e for e in events if isinstance(e, Finding))
    assert "training.steps is less than the run's current step" in finding.what
    assert (events[-1].reason, events[-1].step) == ("finished", 30)


def test_an_extension_reports_the_jump_of_the_lr(tiny):
    settings = {"optimizer.schedule": "cosine", "optimizer.lr": 0.01}
    events, _, _ = run(tiny(**settings), [Edit({"training.steps": 60}, at=30)])
    (finding,) = (e for e in events if isinstance(e, Finding))
    rates = rows(events)[:, COLUMNS.index("lr")]
    assert f"from {rates[29]:.3g} at step 30 to {rates[30]:.3g} at step 31" in finding.what


def test_invalid_edits_are_reported_and_skipped_and_the_others_take_effect(tiny):
    changes = ({"optimizer.lr": -1.0}, {"model.n_layers": 3}, {"nonsense": 1})
    refused = [Edit(change, at=12) for change in changes]
    allowed = Edit({"optimizer.lr": 0.5}, at=12)
    events, state, _ = run(tiny(), [refused[0], allowed, *refused[1:]])
    expected, *_ = run(tiny(), [allowed])
    findings = [e for e in events if isinstance(e, Finding)]
    assert [e.step for e in findings] == [12, 12, 12]
    assert "optimizer.lr is too small" in findings[0].what
    assert findings[0].why == "found: -1.0; allowed: a number above 0 and at most 100"
    assert [e for e in without_rows(events) if e not in findings] == without_rows(expected)
    assert rows(events).tobytes() == rows(expected).tobytes()
    assert state.edits == allowed.changes


def test_a_checkpoint_requested_together_with_an_invalid_edit_is_saved(tiny):
    events, _, _ = run(tiny(), [CheckpointNow(), Edit({"optimizer.lr": -1.0})])
    assert [type(e) for e in without_rows(events)[:4]] == [Evaluated, Samples, Finding, Checkpoint]
    assert not any(isinstance(e, Edited) for e in events)
    assert events[-1].reason == "finished"


def test_a_stop_saves_a_checkpoint_and_ends(tiny):
    events, _, _ = run(tiny(), [Stop()])
    assert [type(e) for e in events[-2:]] == [Checkpoint, Ended]
    assert events[-1].reason == "stopped"
    assert events[-1].step == 0


def test_a_checkpoint_can_be_requested(tiny):
    events, _, _ = run(tiny(), [CheckpointNow()])
    assert [e.step for e in events if isinstance(e, Checkpoint)] == [0, 10, 20, 30]


def test_micro_batches_give_the_gradient_of_the_whole_batch(tiny):
    settings = {"training.batch_size": 20, "optimizer.kind": "sgd", "training.steps": 3}
    whole = rows(run(tiny(**settings))[0])
    parts = rows(run(tiny(**settings, **{"training.micro_batch_size": 6}))[0])
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


def test_a_batch_of_all_examples_is_a_full_batch(tiny):
    full = rows(run(tiny(**{"training.steps": 3}))[0])
    counted = rows(run(tiny(**{"training.steps": 3, "training.batch_size": 24}))[0])
    assert counted.tobytes() == full.tobytes()


def test_divergence_ends_the_run_at_its_first_non_finite_row(tiny):
    settings = {"optimizer.kind": "sgd", "optimizer.lr": 100.0, "model.norm": "none"}
    events, state, _ = run(tiny(**settings))
    assert events[-1].reason == "diverged"
    losses = rows(events)[:, 0]
    assert np.isfinite(losses[:-1]).all()
    assert not np.isfinite(losses[-1])
    assert events[-1].step == state.step == len(losses)


def test_a_run_continues_after_a_non_finite_loss_if_its_preset_allows_it(tiny):
    settings = {"optimizer.kind": "sgd", "optimizer.lr": 100.0, "model.norm": "none"}
    events, _, _ = run(tiny(**settings, **{"training.on_divergence": "continue"}))
    assert events[-1].reason == "finished"
    assert len(rows(events)) == 30


def test_patience_ends_a_run_without_improvement_and_evaluates_the_test_split(tiny):
    settings = {"optimizer.lr": 0.05, "training.patience": 3, "training.steps": 500}
    split = {
        "kind": "modular",
        "operation": "add",
        "modulus": 7,
        "split": {"train": 0.5, "val": 0.3},
    }
    events, _, _ = run(tiny(**settings, task=split))
    evaluations = [e for e in events if isinstance(e, Evaluated)]
    assert events[-1].reason == "early_stop"
    assert "test_accuracy" in evaluations[-1].values
    assert not any("test_accuracy" in e.values for e in evaluations[:-1])


@pytest.mark.parametrize("split", [{"train_fraction": 0.5}, {"split": {"train": 0.5, "val": 0.3}}])
def test_generalization_sustained_for_five_evaluations_ends_a_run(tiny, monkeypatch, split):
    def perfect_from_step_10(*args):
        evaluation = evaluate(*args)
        right = {k: float(args[-1] >= 10) for k in ("train_accuracy", "val_accuracy")}
        values = {k: right.get(k, v) for k, v in evaluation.event.values.items()}
        return replace(evaluation, event=replace(evaluation.event, values=values))

    monkeypatch.setattr("memlab.training.train.evaluate", perfect_from_step_10)
    task = {"kind": "modular", "operation": "add", "modulus": 7, **split}
    preset = tiny(**{"task": task, "training.steps": 500, "training.stop_when": "sustained"})
    events, _, _ = run(preset)
    assert (events[-1].reason, events[-1].step) == ("early_stop", 35)
    assert [e.step for e in events if isinstance(e, Checkpoint)][-1] == 35
    evaluations = [e for e in events if isinstance(e, Evaluated)]
    assert [e.step for e in evaluations] == [0, 5, 10, 15, 20, 25, 30, 35]
    assert ["test_accuracy" in e.values for e in evaluations] == [False] * 7 + ["split" in split]
    named = {e.name: (e.after, e.step) for e in events if isinstance(e, Phase)}
    assert named["grokked"] == (5, 10)
    assert named["sustained"] == (30, 35)


def test_a_run_that_ended_on_sustained_generalization_continues_when_extended(tiny, monkeypatch):
    def perfect(*args):
        evaluation = evaluate(*args)
        values = evaluation.event.values | {"train_accuracy": 1.0, "val_accuracy": 1.0}
        return replace(evaluation, event=replace(evaluation.event, values=values))

    monkeypatch.setattr("memlab.training.train.evaluate", perfect)
    preset = tiny(**{"training.steps": 500, "training.stop_when": "sustained"})
    run_data = RunData(preset, CPU)
    state, inbox = fresh_state(run_data), deque()
    ended = list(train(state, run_data, inbox))[-1]
    assert ended.reason == "early_stop"
    inbox.append(Edit({"training.steps": ended.step + 40}))
    extended = list(train(state, run_data, inbox))[-1]
    assert (extended.reason, extended.step) == ("finished", ended.step + 40)


def test_dropout_differs_between_steps_but_not_between_runs(tiny):
    settings = {"model.dropout": 0.5, "optimizer.lr": 1e-12}
    first, second = (rows(run(tiny(**settings))[0]) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert len(np.unique(first[:, 0])) > 20


def test_rows_copied_at_once_from_their_device_have_the_same_bits(tiny, monkeypatch):
    """Simulates a GPU: the block is on another device, its updates run on the CPU."""
    recorded = rows(run(tiny())[0])
    run_data = RunData(tiny(), CPU)
    state = fresh_state(run_data)
    other_device = SimpleNamespace(device=torch.device("meta"))

    def on_cpu(state, _, *args):
        return update(state, run_data, *args)

    update = step_module.update
    monkeypatch.setattr(step_module, "update", on_cpu)
    monkeypatch.setattr(step_module, "MAX_SECONDS", 1e9)
    values = step_module.advance(state, other_device, 10, 30)
    assert values.tobytes() == recorded[:10].tobytes()


def test_measured_norms_have_the_bits_of_the_norms_that_torch_computes(tiny, monkeypatch):
    expected = []

    def measuring_update(state, *args):
        before = [p.detach().clone() for p in state.model.parameters()]
        result = update(state, *args)
        after = list(state.model.parameters())
        added = [p.detach() - b for p, b in zip(after, before, strict=True)]
        expected.append([float(torch.nn.utils.get_total_norm(part)) for part in (before, added)])
        return result

    update = step_module.update
    monkeypatch.setattr(step_module, "update", measuring_update)
    recorded = rows(run(tiny())[0])[:, 3:]
    measured = np.arange(9, len(recorded), 10)
    assert recorded[measured].tolist() == [expected[i] for i in measured]


def test_only_rows_with_finite_losses_are_kept_before_their_block_ends(tiny, monkeypatch):
    monkeypatch.setattr(step_module, "KEEP_SECONDS", -1)
    monkeypatch.setattr(step_module, "MAX_SECONDS", 1e9)
    kept = {}

    def keep(first, values):
        kept.update(enumerate(np.array(values, np.float32), first))

    run_data = RunData(tiny(), CPU)
    state = fresh_state(run_data)
    recorded = rows(list(train(state, run_data, deque(), keep)))
    assert len(kept) == len(recorded)
    for step, row in kept.items():
        assert row.tobytes() == recorded[step - 1].tobytes()
    settings = {"optimizer.kind": "sgd", "optimizer.lr": 100.0, "model.norm": "none"}
    diverging = tiny(**settings)
    kept.clear()
    run_data = RunData(diverging, CPU)
    state = fresh_state(run_data)
    recorded = rows(list(train(state, run_data, deque(), keep)))
    assert not np.isfinite(recorded[-1, 0]) and set(kept) <= set(range(1, len(recorded)))

"""Reading a run, predictions of its model, and errors."""

import pytest
import torch

from memlab.api.run import Run
from memlab.errors import DataError, MemlabError, PresetError, RunError
from memlab.preset.create import create_run
from memlab.preset.load import from_json
from memlab.record.events import Evaluated
from memlab.training.predictions import count_answers
from memlab.training.worker import work

from .conftest import TINY


def test_pandas_reads_steps_and_evaluations_directly(run: Run):
    import pandas as pd

    for columns in (run.steps, run.evaluations):
        frame = pd.DataFrame(columns)
        assert list(frame) == list(columns) and len(frame) == len(columns["step"])
        pd.testing.assert_frame_equal(frame, columns.frame())
    assert run.evaluations.frame()["step"].tolist() == [0, 5, 10, 15, 20, 25, 30]


def test_a_frame_without_pandas_is_a_clear_error(run: Run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MemlabError, match="pandas is not installed"):
        run.steps.frame()


def test_reprs_are_short(run: Run):
    predictions = run.predict(["1 + 1 ="])
    objects = (run, run.steps, run.evaluations, run.events, predictions[0], run.trace("1 + 1 ="))
    assert all(len(repr(each)) < 200 and "\n" not in repr(each) for each in objects)
    assert "finished at step 30" in repr(run) and "7 evaluated" in repr(run.events)


def test_an_unknown_column_suggests_the_nearest_name(run: Run):
    with pytest.raises(RunError, match="did you mean val_loss") as raised:
        run.evaluations["val_los"]
    assert isinstance(raised.value, KeyError) and run.evaluations.get("val_los") is None


def test_events_are_selected_by_kind(run: Run):
    assert [event.step for event in run.events.of(Evaluated)] == [0, 5, 10, 15, 20, 25, 30]


def test_the_model_is_a_copy_in_evaluation_mode(run: Run):
    model = run.model(at="best")
    assert not model.training
    with torch.no_grad():
        model.token.weight.zero_()
    assert run.model(at="best").token.weight.abs().sum() > 0


def test_a_checkpoint_that_does_not_exist_is_refused(run: Run):
    with pytest.raises(RunError):
        run.model(at=7)


def test_text_is_encoded_and_decoded(run: Run):
    ids = run.encode("3 + 4 =")
    assert ids[0] == 9 and run.decode(ids) == "3 + 4 ="
    with pytest.raises(DataError):
        run.encode("3 + x =")
    with pytest.raises(DataError):
        run.decode([11])


def test_a_greedy_prediction_is_the_argmax_of_the_logits_with_its_probability(run: Run):
    (prediction,) = run.predict("3 + 4 =", top_k=3)
    p = run.model()(torch.tensor([run.encode("3 + 4 =")])).detach().double().softmax(-1)[0, -1]
    (token,) = prediction.tokens
    best = p.topk(3)
    assert prediction.answer == run.decode([int(p.argmax())]) == token.text
    assert token.p == pytest.approx(float(best.values[0]), abs=1e-6)
    assert [text for text, _ in token.likeliest] == [run.decode([int(i)]) for i in best.indices]
    assert [q for _, q in token.likeliest] == pytest.approx(best.values.tolist(), abs=1e-6)


def test_a_trace_has_the_logits_of_the_model(run: Run):
    with run.trace(["3 + 4 =", "1 + 0 ="], at=20) as trace:
        pass
    expected = run.model(at=20)(torch.tensor([run.encode("3 + 4 ="), run.encode("1 + 0 =")]))
    torch.testing.assert_close(trace["logits"], expected.detach(), rtol=0, atol=0)
    with pytest.raises(DataError, match="equal lengths"):
        run.trace(["3 + 4 =", "1"])


def test_a_trace_names_the_activations_of_every_block(run: Run):
    tokens = len(run.encode("3 + 4 ="))
    with run.trace("3 + 4 =") as trace:
        shapes = {name: tuple(value.shape) for name, value in trace.items()}
    stream = (1, tokens, 16)
    for block in ("blocks.0", "blocks.1"):
        assert shapes[f"{block}.residual_pre"] == shapes[f"{block}.residual_post"] == stream
        assert shapes[f"{block}.attention.pattern"] == (1, 2, tokens, tokens)
        assert shapes[f"{block}.attention.out"] == shapes[f"{block}.mlp.out"] == stream
        assert shapes[f"{block}.mlp.hidden"] == (1, tokens, 4 * 16)
    assert shapes["logits"] == (1, tokens, 11)


def test_repeated_samples_occur_in_proportion_to_their_probability(run: Run):
    n, prompt = 3000, "3 + 4 ="
    (repeated,) = count_answers(run.predict([prompt] * n, temperature=1.0))
    p = run.model()(torch.tensor([run.encode(prompt)])).detach().double().softmax(-1)[0, -1]
    assert sum(repeated.answers.values()) == n
    for token in range(7):  # only the numbers: a special token gives an empty answer
        q = float(p[token])
        times = repeated.answers.get(run.decode([token]), 0)
        assert abs(times - n * q) < 5 * (n * q * (1 - q)) ** 0.5 + 1
    assert list(repeated.answers.values()) == sorted(repeated.answers.values(), reverse=True)
    assert repeated.agreement == max(repeated.answers.values()) / n
    (greedy,) = count_answers(run.predict([prompt] * 5))
    assert greedy.agreement == 1 and sum(greedy.answers.values()) == 5


def test_commands_to_a_run_that_has_ended_are_refused(run: Run):
    for command in (run.pause, run.stop, run.checkpoint, lambda: run.edit({"lr": 1e-4})):
        with pytest.raises(RunError, match="no process trains this run"):
            command()
    with pytest.raises(PresetError):
        run.edit({"model.n_layers": 3})
    with pytest.raises(PresetError, match="cannot be written as YAML"):
        run.edit({"optimizer.lr": object()})


def test_description_preset_and_settings_include_edits(tmp_path):
    folder = create_run(from_json(TINY), tmp_path)
    for _ in work(folder):
        pass
    run = Run(folder)
    assert run.settings["training.steps"] == 30
    for _ in work(folder, edits={"training.steps": 40, "optimizer.lr": 0.02}):
        pass
    run.refresh()
    assert (run.settings["training.steps"], run.settings["optimizer.lr"]) == (40, 0.02)
    assert run.description["preset"]["training"]["steps"] == 40 == run.preset.training.steps
    assert run.description["versions"] == folder.description["versions"]
    assert folder.description["preset"]["training"]["steps"] == 30

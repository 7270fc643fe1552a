"""`check_preset`: figures agree with closed forms and the real model; findings for bad presets."""

import importlib.util
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest

from memlab.preset.check import check_preset
from memlab.preset.load import available, load
from memlab.preset.schema import Model
from memlab.preset.size import memory_bytes, parameter_count
from memlab.tasks.task import Examples

ADDITION = str(Path(__file__).parent / "addition.yaml")


def found(*overrides: str, preset: str = ADDITION) -> dict[str, str]:
    """The level of each finding, by its text."""
    return {
        finding.what: finding.level for finding in check_preset(load(preset, overrides)).findings
    }


def one(what: str, *overrides: str, preset: str = ADDITION):
    """The only finding whose text contains `what`."""
    matching = [f for f in check_preset(load(preset, overrides)).findings if what in f.what]
    assert len(matching) == 1
    return matching[0]


def test_the_report_has_the_figures_that_the_command_prints():
    report = check_preset(load("grok-add-97")).to_json()
    assert report["examples"] == {"train": 4704, "val": 4705}
    assert (report["updates_per_epoch"], report["updates"]) == (1, 100000)
    assert report["evaluations"] == 1001
    assert report["chance_loss"] == pytest.approx(4.57, abs=0.01)
    assert report["irreducible_loss"] == 0
    assert report["findings"] == []
    assert report["preset"] == "grok-add-97" and report["parameters"] == 410624


@pytest.mark.parametrize("overrides", [
    [], ["biases=false"], ["norm=rmsnorm"], ["norm=none"], ["norm=layernorm", "biases=false"],
    ["positions=none"], ["positions=rotary"], ["activation=swiglu"], ["activation=swiglu", "biases=false"],
    ["tie_embeddings=false"], ["n_layers=3", "d_mlp=40"], ["n_ctx=17"],
])  # fmt: skip
def test_the_parameter_count_equals_that_of_the_model(overrides):
    from memlab.models.transformer import Transformer

    preset = load(ADDITION, ["d_model=16", "d_mlp=null", *overrides])
    report = check_preset(preset)
    n_ctx = preset.model.n_ctx or report.facts.dataset.n_ctx
    model = Transformer(preset.model, len(report.facts.dataset.vocabulary), n_ctx)
    assert report.facts.parameters == sum(p.numel() for p in model.parameters())


def test_gpt2_small_has_its_published_number_of_parameters():
    gpt2 = Model(n_layers=12, n_heads=12, d_model=768)
    assert parameter_count(gpt2, 50257, 1024) == 124_439_808


def test_activation_memory_is_proportional_to_the_batch():
    model = Model()
    fixed = memory_bytes(model, 101, 7, 0)
    assert fixed == 16 * parameter_count(model, 101, 7)
    assert memory_bytes(model, 101, 7, 200) - fixed == 2 * (
        memory_bytes(model, 101, 7, 100) - fixed
    )


@pytest.mark.parametrize("overrides", [
    [], ["activation=swiglu", "positions=rotary", "norm=rmsnorm"], ["n_layers=4", "d_model=64"],
    ["task.format=characters", "n_layers=2"], ["model.dropout=0.1"],
])  # fmt: skip
def test_the_memory_estimate_covers_the_tensors_saved_for_the_backward_pass(overrides):
    import torch
    import torch.nn.functional as F

    from memlab.models.transformer import Transformer

    facts = check_preset(load(ADDITION, ["task.modulus=23", *overrides])).facts
    d_vocab = len(facts.dataset.vocabulary)
    model = Transformer(facts.preset.model, d_vocab, facts.n_ctx)
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    saved = {}

    def save(tensor):
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(save, lambda tensor: tensor):
        logits = model(torch.from_numpy(facts.train.tokens[:, :-1])).flatten(0, 1)
        loss = F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))
    needed = sum(storage.nbytes() for at, storage in saved.items() if at not in weights)
    activations = facts.memory_bytes - 16 * facts.parameters
    assert loss.requires_grad and needed < activations < 2 * needed


@pytest.mark.parametrize("overrides", [
    [], ["activation=swiglu", "positions=rotary", "norm=rmsnorm"], ["n_layers=4", "d_model=64"],
    ["task.format=characters", "n_layers=2"], ["model.d_model=16", "model.d_mlp=16"],
])  # fmt: skip
def test_the_memory_estimate_covers_an_evaluation(overrides):
    import torch

    from memlab.models.transformer import Transformer
    from memlab.training.evaluate import evaluate
    from memlab.training.run_data import RunData

    preset = load(
        ADDITION, ["task.modulus=31", "batch_size=1", "training.engine=plain", *overrides]
    )
    facts = check_preset(preset).facts
    run_data = RunData(preset, torch.device("cpu"))
    model = Transformer(preset.model, len(facts.dataset.vocabulary), facts.n_ctx)
    run_data.eval_split("val")  # the largest split; prepared once, not part of the forward pass
    cpu = torch.profiler.ProfilerActivity.CPU
    with torch.profiler.profile(activities=[cpu], profile_memory=True) as profile:
        evaluate(model, run_data, ["val"], 0)
    memory = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    allocated = [e.nbytes() for e in sorted(memory, key=lambda e: e.start_ns())]  # freed < 0
    peak = max(accumulate(allocated))
    assert 0 < peak < facts.memory_bytes - 4 * facts.parameters < 3 * peak


def test_micro_batches_save_memory():
    full_batch, micro_batches = (
        check_preset(load(ADDITION, ["task.train_fraction=0.9", "n_layers=4", *o])).facts
        for o in ([], ["micro_batch_size=64"])
    )
    assert micro_batches.memory_bytes < full_batch.memory_bytes


def test_a_schedule_with_too_few_updates_is_reported():
    changes = ("task={kind: location}", "batch_size=512", "epochs=100", "loss_on=all")
    finding = one("200 updates are likely too few to memorize 1,051 examples", *changes)
    assert "an epoch has 2 of them" in finding.why
    assert finding.advice == "training.batch_size=64: 16 updates per epoch"
    assert one("diluted", *changes).level == "warning"


def test_an_advised_batch_size_gives_enough_updates():
    advice = one("too few", "batch_size=512", "epochs=20").advice
    changed = load(ADDITION, ["epochs=20", advice.partition(":")[0]])
    assert check_preset(changed).facts.updates >= 1000


def test_few_updates_for_few_examples_are_not_reported():
    assert not any("too few" in what for what in found("task.modulus=11", "steps=100"))


def test_loss_on_all_positions_is_reported_as_diluted():
    finding = one("diluted", "loss_on=all")
    assert "29%" in finding.what and finding.level == "warning"
    assert "token 2: 4.56" in finding.why and "token 4: 3.38" in finding.why


def test_noise_is_not_reported_as_several_answers():
    assert not any("several answers" in what for what in found("noise=0.2"))


def test_intended_and_unintended_validation_examples_in_the_training_set_are_distinguished(
    monkeypatch,
):
    assert one("by design", preset="sanity-check").level == "info"
    assert found() == {}
    preset = load(ADDITION)
    data = preset.task.dataset(preset.seeds)
    overlapping = {"train": data.splits["train"], "val": data.splits["train"].take(np.arange(5))}
    with_overlap = type(data)(data.vocabulary, overlapping)
    monkeypatch.setattr(type(preset.task), "dataset", lambda self, seeds: with_overlap)
    assert "5 of 5 validation examples are in the training set" in found()


def test_a_prompt_with_two_answers_is_reported(monkeypatch):
    preset = load(ADDITION)
    data = preset.task.dataset(preset.seeds)
    tokens = data.splits["train"].tokens[[0, 0, 1]].copy()
    tokens[1, 5] = (tokens[0, 5] + 1) % 97
    train = Examples(tokens, np.full(3, 8), data.splits["train"].answer[:3], np.zeros(3, np.int64))
    conflicting = type(data)(data.vocabulary, {"train": train, "val": data.splits["val"]})
    monkeypatch.setattr(type(preset.task), "dataset", lambda self, seeds: conflicting)
    finding = one("2 training examples have a prompt with several answers")
    assert f"{2 / 3 * np.log(2):.3f}" in finding.why


def test_a_validation_answer_that_contradicts_training_is_reported(tmp_path):
    (tmp_path / "train.tsv").write_text("1 1 =\t2\n1 2 =\t3\n")
    (tmp_path / "val.tsv").write_text("1 1 =\t3\n1 2 =\t3\n2 2 =\t3\n")
    task = f"task={{kind: pairs, file: train.tsv, val_file: val.tsv, folder: {tmp_path}}}"
    assert one("1 of 3 validation examples have a prompt", task).level == "warning"


@pytest.mark.parametrize(("what", "level", "overrides"), [
    ("n_ctx is 3 but the data need 7", "error", ["n_ctx=3"]),
    ("batch_size 9,000 is larger than the training set (2,822 examples)", "warning", ["batch_size=9000"]),
    ("warmup takes 2,000 of 1,400 steps", "warning", ["warmup_steps=2000"]),
    ("an attention head has 4 numbers", "warning", ["n_heads=32"]),
    ("an attention head has 1 number", "warning", ["n_heads=4", "d_model=4"]),
    ("evaluations add about 56% to the run's time", "info", ["evaluation.every=2"]),
    ("evaluations take 1.1 times as long as training", "warning", ["evaluation.every=1"]),
    ("the validation set is empty", "warning", ["task.modulus=3", "task.split={train: 0.5, val: 0.01}"]),
])  # fmt: skip
def test_a_likely_mistake_is_reported_with_its_level(what, level, overrides):
    assert found(*overrides).get(what) == level


def test_errors_fail_the_check_and_warnings_do_not():
    assert check_preset(load(ADDITION, ["n_heads=32"])).passed
    assert not check_preset(load(ADDITION, ["n_ctx=3"])).passed


FAILS_ON_PURPOSE = {
    "grok-add-97-all-positions",
    "grok-add-97-mini-batch",
    "location-undertrained",
    "undertrained-quick",
    "location-answer-only",
    "location-more-epochs",
    "dilution-quick",
}


@pytest.mark.parametrize("name", [a.name for a in available()])
def test_a_shipped_preset_passes_its_check(name):
    preset = load(name)
    assert preset.name == name and preset.about.endswith(".")
    report = check_preset(preset)
    assert report.passed
    assert all(f.level == "info" for f in report.findings) == (name not in FAILS_ON_PURPOSE)


def test_checking_does_not_import_torch():
    assert importlib.util.find_spec("torch")
    code = (
        "import sys; from memlab.preset.load import load; from memlab.preset.check import check_preset\n"
        "check_preset(load('quickstart')); print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_disk_use_counts_the_checkpoints_that_are_kept():
    default, kept, spikes = (
        check_preset(load(ADDITION, ["training.keep_spikes=0", *more])).facts.disk_bytes
        for more in ([], ["training.keep=[10, 20]"], ["training.keep_spikes=3"])
    )
    facts = check_preset(load(ADDITION)).facts
    checkpoint_bytes = 12 * facts.parameters + 17 * len(facts.train) + 16_000
    assert kept - default == 2 * checkpoint_bytes
    assert spikes - default == 3 * (checkpoint_bytes + 4 * facts.parameters)

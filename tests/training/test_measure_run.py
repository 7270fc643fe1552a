"""Measures of checkpoints, compared with NumPy on exported weights, for a small modulus."""

import numpy as np
import pytest
import safetensors.numpy
import torch

from memlab.errors import RunError
from memlab.measures.stored_values import StoredMeasures
from memlab.preset.create import create_run
from memlab.record.history import History
from memlab.training import recompute
from memlab.training.measure_run import measure_run
from memlab.training.model_arrays import ModelArrays
from memlab.training.models_at import ModelsAt
from memlab.training.run_data import RunData
from memlab.training.state import fresh_state
from memlab.training.worker import work

from ..models import numpy_transformer as reference

P, KEYS = 7, (1, 3)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from memlab.preset.load import from_json

    document = {
        "name": "small",
        "task": {"kind": "modular", "operation": "add", "modulus": P, "train_fraction": 0.6},
        "model": {"n_layers": 1, "n_heads": 2, "d_model": 16, "init_std": 0.4},
        "optimizer": {"lr": 0.01, "weight_decay": 0.5},
        "training": {"steps": 40, "checkpoint_every": 20},
        "evaluation": {"every": 20, "samples": 0},
    }
    folder = create_run(from_json(document), tmp_path_factory.mktemp("runs"))
    list(work(folder))
    return folder


def independent(run) -> dict[str, float]:
    """Computed with the NumPy reference model, explicit Fourier vectors and simple loops."""
    run_data = RunData(from_folder(run), torch.device("cpu"))
    stored = run.checkpoints.load(run.checkpoints.steps()[-1], need="weights")
    weights = {
        k: v.astype(np.float64)
        for k, v in safetensors.numpy.load(stored.files["model.safetensors"]).items()
    }
    settings = run_data.preset.model
    bos, op, eq = (run_data.dataset.vocabulary.symbols.index(s) for s in ("<bos>", "+", "="))
    logits = np.array([
        [reference.logits(settings, weights, [bos, a, op, b, eq])[-1, :P] for b in range(P)]
        for a in range(P)
    ])  # fmt: skip
    train = {(int(t[1]), int(t[3])) for t in run_data.facts.train.tokens}
    x = np.arange(P)
    part = np.zeros_like(logits)
    for k in KEYS:
        c, s = np.cos(2 * np.pi * k * x / P), np.sin(2 * np.pi * k * x / P)
        c, s = c / np.linalg.norm(c), s / np.linalg.norm(s)
        for wave in (
            (np.outer(c, c) - np.outer(s, s)) / np.sqrt(2),
            (np.outer(s, c) + np.outer(c, s)) / np.sqrt(2),
        ):
            for z in range(P):
                part[:, :, z] += wave * (wave * logits[:, :, z]).sum()

    def loss(values, pairs):
        return np.mean([
            np.log(np.exp(values[a, b]).sum()) - values[a, b, (a + b) % P] for a, b in pairs
        ])  # fmt: skip

    every = [(a, b) for a in range(P) for b in range(P)]
    norms = []
    for k in range(1, P // 2 + 1):
        c, s = np.cos(2 * np.pi * k * x / P), np.sin(2 * np.pi * k * x / P)
        both = [v @ weights["token.weight"][:P] / np.linalg.norm(v) for v in (c, s)]
        norms.append(np.sqrt(sum((v**2).sum() for v in both)))
    pairwise = np.abs(np.subtract.outer(norms, norms)).sum()
    grid = np.indices((P, P, P))
    power = []
    for k in range(1, P // 2 + 1):
        wave = np.cos(2 * np.pi * k * (grid[0] + grid[1] - grid[2]) / P)
        power.append(((logits * wave).sum() / np.linalg.norm(wave)) ** 2)
    return {
        "restricted_loss": loss(part + (logits - part).mean((0, 1)), every),
        "excluded_loss": loss(logits - part, sorted(train)),
        "embedding_gini": pairwise / (2 * len(norms) ** 2 * np.mean(norms)),
        "keys": tuple(k for k, v in enumerate(power, 1) if v >= 0.05 * sum(power)),
        "total_norm": np.sqrt(sum((w**2).sum() for w in weights.values())),
    }


def from_folder(run):
    from memlab.preset.run_preset import preset_of

    return preset_of(run)


def test_circuit_measures_equal_an_independent_computation(run):
    expected = independent(run)
    names = ["restricted_loss", "excluded_loss", "embedding_gini", "total_norm"]
    measured = measure_run(ModelsAt(run, "cpu"), names, keys=KEYS)
    last = measured.values[run.checkpoints.steps()[-1]]
    for name in names:
        assert last[name] == pytest.approx(expected[name], rel=1e-4), name
    assert measure_run(ModelsAt(run, "cpu"), ["key_frequencies"]).keys == expected["keys"]


def test_values_are_stored_until_the_key_frequencies_change(run, monkeypatch):
    first = measure_run(ModelsAt(run, "cpu"), ["restricted_loss"], keys=KEYS)
    monkeypatch.setattr(ModelArrays, "table", None)
    assert measure_run(ModelsAt(run, "cpu"), ["restricted_loss"], keys=KEYS).values == first.values
    assert measure_run(ModelsAt(run, "cpu"), ["restricted_loss"], keys=(2,)).undefined == [
        "restricted_loss"
    ]


def test_unknown_names_and_steps_are_errors(run):
    with pytest.raises(RunError, match="no measure") as error:
        measure_run(ModelsAt(run, "cpu"), ["sharpnes"])
    assert "sharpness" in error.value.hint
    with pytest.raises(RunError, match="no such step") as error:
        measure_run(ModelsAt(run, "cpu"), ["total_norm"], steps=[41])
    assert error.value.allowed == "0 to 40"


def test_steps_without_a_checkpoint_are_recomputed_exactly(run):
    """The weight norm is recorded at every 10th update, before the update."""
    lines = []
    measured = measure_run(ModelsAt(run, "cpu", lines.append), ["total_norm"], steps=[29, 9, 39])
    assert list(measured.values) == [9, 29, 39]
    assert lines == ["recomputing from step 0", "recomputing from step 20"]
    rows = History(run).until().steps
    for step, values in measured.values.items():
        _, (row,) = rows.read(step + 1, step + 1)
        recorded = dict(zip(rows.columns, row.tolist(), strict=True))["weight_norm"]
        assert values["total_norm"] == pytest.approx(recorded, rel=1e-5)


def test_a_recomputed_row_that_differs_is_an_error_and_nothing_is_stored(run, monkeypatch):
    real = recompute.restore

    def drifted(*arguments, **options):
        start = real(*arguments, **options)
        next(start.state.model.parameters()).data.mul_(1.001)
        return start

    monkeypatch.setattr(recompute, "restore", drifted)
    with pytest.raises(recompute.RowsDifferError, match="differ"):
        measure_run(ModelsAt(run, "cpu"), ["total_norm"], steps=[23])
    assert 23 not in StoredMeasures(run).curves["total_norm"][0]


def test_stored_values_are_curves_with_one_set_of_key_frequencies(run):
    measure_run(ModelsAt(run, "cpu"), ["excluded_loss"], steps=[20], keys=(2,))
    measured = measure_run(ModelsAt(run, "cpu"), ["excluded_loss"], steps=[0, 40], keys=KEYS)
    stored = StoredMeasures(run)
    steps, values = stored.curves["excluded_loss"]
    assert list(steps) == [0, 40]
    assert list(values) == [measured.values[step]["excluded_loss"] for step in (0, 40)]
    assert not stored.refresh()
    measure_run(ModelsAt(run, "cpu"), ["excluded_loss"], steps=[20], keys=KEYS)
    assert stored.refresh() and list(stored.curves["excluded_loss"][0]) == [0, 20, 40]


def test_measures_of_evaluations_equal_those_of_checkpoints_and_change_no_bit(tiny, tmp_path):
    names = ["total_norm", "key_frequencies", "sharpness"]
    settings = {"model.dropout": 0.1, "training.batch_size": 8, "evaluation.every": 15}
    plain = create_run(tiny(**settings), tmp_path)
    measured = create_run(tiny(**settings, **{"evaluation.measures": names}), tmp_path)
    ends = [list(work(folder, device="cpu"))[-1].summary for folder in (plain, measured)]
    assert ends[0]["weights_sha256"] == ends[1]["weights_sha256"]
    recorded = History(measured).until().evaluations
    assert "total_norm" not in History(plain).until().evaluations
    last = measure_run(ModelsAt(measured, "cpu"), names).values[30]
    for name in ("total_norm", "sharpness", "key_frequencies"):
        assert recorded[name][-1] == last[name], name


def test_sharpness_equals_the_largest_eigenvalue_of_the_dense_hessian(tiny):
    run_data = RunData(
        tiny(**{"model.n_layers": 1, "model.d_model": 4, "model.d_mlp": 4}), torch.device("cpu")
    )
    view = ModelArrays(fresh_state(run_data).model, run_data)
    size = sum(weight.size for weight in view.weights.values())
    dense = np.array([view.hessian_product(row) for row in np.eye(size)])
    np.testing.assert_allclose(dense, dense.T, atol=1e-9)
    from memlab.measures.sharpness import sharpness

    largest = np.linalg.eigvalsh((dense + dense.T) / 2)[-1]
    assert sharpness(view)["sharpness"] == pytest.approx(largest, rel=0.02)


def test_attention_weights_are_causal_and_sum_to_one(tiny):
    run_data = RunData(tiny(), torch.device("cpu"))
    view = ModelArrays(fresh_state(run_data).model, run_data)
    for weights in view.attention():
        np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-6)
        assert not np.triu(weights, 1).any()


def test_circuit_measures_are_not_defined_for_permutations(tiny):
    task = {"kind": "modular", "operation": "compose", "train_fraction": 0.5}
    run_data = RunData(tiny(task=task), torch.device("cpu"))
    assert ModelArrays(fresh_state(run_data).model, run_data).table is None

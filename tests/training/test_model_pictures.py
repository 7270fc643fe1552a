"""Pictures of the model of a run: compared with the model, stored and read."""

import numpy as np
import torch

from memlab.measures.fourier import spectrum
from memlab.preset.create import create_run
from memlab.record.history import History
from memlab.record.model_pictures import nearest_checkpoint, pictures_path, read_pictures
from memlab.training.model_pictures import margin_table, model_pictures
from memlab.training.models_at import ModelsAt
from memlab.training.worker import work


def test_pictures_of_a_checkpoint_and_of_a_recomputed_step(tiny, tmp_path):
    task = {"kind": "modular", "operation": "divide", "modulus": 7, "train_fraction": 0.5}
    folder = create_run(tiny(task=task), tmp_path)
    list(work(folder, device="cpu"))
    models = ModelsAt(folder, "cpu")
    for step in (30, 25):
        pictures = model_pictures(models, step)
        assert pictures.attention.shape == (2, 2, len(pictures.tokens), len(pictures.tokens))
        np.testing.assert_allclose(pictures.attention.sum(-1), 1, rtol=1e-6)
        # 0 has no inverse, so it is not in the group
        assert pictures.margins.shape == (7, 7)
        assert np.isnan(pictures.margins[0]).all() and np.isnan(pictures.margins[:, 0]).all()
        stored = read_pictures(folder, step)
        assert stored.tokens == pictures.tokens
        np.testing.assert_array_equal(stored.margins, pictures.margins)
    evaluated = History(folder).until().evaluations
    sizes = {name: len(split) for name, split in models.run_data.dataset.splits.items()}
    nonzero = pictures.margins[1:, 1:]
    accuracy = [evaluated[f"{s}_accuracy"][evaluated["step"] == 25][0] for s in ("train", "val")]
    right = accuracy[0] * sizes["train"] + accuracy[1] * sizes["val"]
    assert (nonzero > 0).sum() <= round(right) <= (nonzero > 0).sum() + 6, (
        "0 / b is not in the group"
    )
    weight = models.model(25).token.weight.detach().double().numpy()
    powers = [1, 3, 2, 6, 4, 5]
    np.testing.assert_allclose(pictures.spectrum, spectrum(weight[powers]), rtol=1e-6)


def test_tasks_without_a_group_have_attention_only(tiny, tmp_path):
    task = {"kind": "modular", "operation": "compose", "train_fraction": 0.5}
    folder = create_run(tiny(task=task, **{"training.steps": 1}), tmp_path)
    list(work(folder, device="cpu"))
    pictures = model_pictures(ModelsAt(folder, "cpu"), 1)
    assert pictures.spectrum.shape == (0,) and pictures.margins.shape == (0, 0)
    assert pictures.attention.ndim == 4


def test_damage_and_the_nearest_checkpoint(tiny, tmp_path):
    folder = create_run(tiny(), tmp_path)
    assert nearest_checkpoint(folder, 3) is None
    list(work(folder, device="cpu"))
    assert nearest_checkpoint(folder, 24) == 20
    assert nearest_checkpoint(folder, 25) == 30
    model_pictures(ModelsAt(folder, "cpu"), 20)
    path = pictures_path(folder, 20)
    data = path.read_bytes()
    for cut in (0, 3, len(data) // 2, len(data) - 5):
        path.write_bytes(data[:cut])
        assert read_pictures(folder, 20) is None
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    path.write_bytes(bytes(flipped))
    assert read_pictures(folder, 20) is None
    assert read_pictures(folder, 21) is None


def test_a_margin_is_the_logit_of_the_answer_minus_the_largest_other(tiny):
    from memlab.training.model_arrays import ModelArrays
    from memlab.training.run_data import RunData
    from memlab.training.state import fresh_state

    run_data = RunData(tiny(), torch.device("cpu"))
    table = ModelArrays(fresh_state(run_data).model, run_data).table
    margins = margin_table(table)
    for a in range(7):
        for b in range(7):
            logits = table.logits[a, b].tolist()
            right = logits.pop((a + b) % 7)
            assert margins[a, b] == right - max(logits)

"""Exported weights, opened by the real libraries. Run with `make test-interop`."""

import json

import numpy as np
import pytest
import torch

from memlab.api.run import Run
from memlab.preset.create import create_run
from memlab.preset.load import from_json
from memlab.training.export_weights import export_weights
from memlab.training.trained_model import TrainedModel, load_model
from memlab.training.worker import work

pytestmark = pytest.mark.interop

TINY = {
    "name": "tiny",
    "task": {"kind": "modular", "operation": "add", "modulus": 13, "train_fraction": 0.5},
    "model": {"n_layers": 2, "n_heads": 2, "d_model": 16, "init_std": 0.3},
    "training": {"steps": 20},
    "evaluation": {"every": 10, "samples": 2},
}
SWITCHES = [{}, {"activation": "relu", "tie_embeddings": False}, {"biases": False, "d_mlp": 24}]


@pytest.fixture(scope="module", params=SWITCHES, ids=str)
def trained(request, tmp_path_factory) -> tuple[Run, TrainedModel]:
    preset = from_json(TINY | {"model": TINY["model"] | request.param})
    folder = create_run(preset, tmp_path_factory.mktemp("runs"))
    for _ in work(folder):
        pass
    return Run(folder), load_model(folder, "last")


def sample(trained: TrainedModel) -> torch.Tensor:
    return torch.from_numpy(trained.run_data.dataset.splits["val"].tokens[:16, :-1].copy())


def expected(trained: TrainedModel) -> np.ndarray:
    with torch.no_grad():
        return trained.model(sample(trained)).numpy()


@pytest.mark.filterwarnings("ignore")
def test_transformers_opens_the_gpt2_folder_and_its_tokenizer(trained, tmp_path):
    transformers = pytest.importorskip("transformers")
    run, model = trained
    export_weights(model, "gpt2", tmp_path / "gpt2")
    gpt2 = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "gpt2").eval()
    with torch.no_grad():
        logits = gpt2(sample(model)).logits.numpy()
    np.testing.assert_allclose(logits, expected(model), atol=1e-5)
    with torch.no_grad():
        own = run.model()(sample(model)).numpy()
    np.testing.assert_allclose(logits, own, atol=1e-5)
    best = load_model(run.history.folder, "best")
    export_weights(best, "gpt2", tmp_path / "best")
    gpt2 = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "best").eval()
    with torch.no_grad():
        logits, own = gpt2(sample(best)).logits, run.model(at="best")(sample(best))
    np.testing.assert_allclose(logits.numpy(), own.numpy(), atol=1e-5)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "gpt2")
    ids = tokenizer("3 + 4 =")["input_ids"]
    assert ids == run.encode("3 + 4 =")
    assert tokenizer.decode(ids, skip_special_tokens=True) == "3 + 4 ="


@pytest.mark.filterwarnings("ignore")
def test_a_tokenizer_of_characters_gives_the_same_ids(tmp_path):
    transformers = pytest.importorskip("transformers")
    from memlab.formats.gpt2 import write_gpt2
    from memlab.models.transformer import Transformer
    from memlab.preset.schema import Model
    from memlab.tasks.sequences import vocabulary_of
    from memlab.training.export_weights import weights_of

    vocabulary = vocabulary_of("0123456789+= é", "bos", "eos", "pad")
    model = Transformer(Model(d_model=8, n_heads=2), len(vocabulary), 12)
    write_gpt2(weights_of(model), vocabulary, tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in ("12+3=", "4 + é", "  7"):
        ids = tokenizer(text)["input_ids"]
        assert ids == vocabulary.encode_prompt(text)
        assert tokenizer.decode(ids, skip_special_tokens=True) == text


@pytest.mark.filterwarnings("ignore")
def test_transformer_lens_4_loads_the_older_state_dict(trained, tmp_path):
    pytest.importorskip("transformer_lens.model_bridge")
    from safetensors.torch import load_file
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge
    from transformer_lens.utilities.tl_checkpoint_conversion import convert_tl_checkpoint

    _, model = trained
    export_weights(model, "transformer-lens", tmp_path / "tl")
    config = json.loads((tmp_path / "tl" / "config.json").read_text())
    settings = TransformerBridgeConfig(**config)
    bridge = TransformerBridge.boot_native(settings)
    state = load_file(tmp_path / "tl" / "model.safetensors")
    bridge.load_state_dict(convert_tl_checkpoint(state, settings), strict=True)
    with torch.no_grad():
        logits = bridge(sample(model)).numpy()
    np.testing.assert_allclose(logits, expected(model), atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_transformer_lens_4_opens_the_gpt2_folder(trained, tmp_path):
    pytest.importorskip("transformer_lens.model_bridge")
    from transformer_lens.model_bridge import TransformerBridge

    _, model = trained
    export_weights(model, "gpt2", tmp_path / "gpt2")
    bridge = TransformerBridge.boot_transformers(str(tmp_path / "gpt2"), device="cpu")
    with torch.no_grad():
        logits = bridge(sample(model)).numpy()
    np.testing.assert_allclose(logits, expected(model), atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_nnsight_opens_the_gpt2_folder(trained, tmp_path):
    nnsight = pytest.importorskip("nnsight")
    _, model = trained
    export_weights(model, "gpt2", tmp_path / "gpt2")
    wrapped = nnsight.LanguageModel(str(tmp_path / "gpt2"), device_map="cpu", dispatch=True)
    with torch.no_grad(), wrapped.trace(sample(model)):
        logits = wrapped.output.logits.save()
    np.testing.assert_allclose(logits.detach().numpy(), expected(model), atol=1e-5)

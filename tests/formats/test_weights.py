"""Weight formats, compared byte by byte and by the logits of the reference model."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from memlab.errors import PresetError, RunError
from memlab.formats.gpt2 import gpt2_config, gpt2_tensors, read_gpt2, write_gpt2
from memlab.formats.llmc_model import model_bin, read_model_bin, write_model_bin
from memlab.formats.model_weights import ModelWeights, adapt_arrays
from memlab.formats.numpy_logits import gpt2_logits, transformer_lens_logits
from memlab.formats.transformer_lens import transformer_lens_config, transformer_lens_tensors
from memlab.formats.word_level import unknown
from memlab.models.transformer import Transformer
from memlab.preset.schema import Model
from memlab.tasks.task import Vocabulary
from memlab.training.export_weights import weights_of

VOCABULARY = Vocabulary((*"abcdefg", "<bos>", "<eos>"), " ", bos=7, eos=8)
TOKENS = np.array([[7, 1, 4, 0, 6], [7, 3, 3, 5, 8]])
SUPPORTED_BY_ALL = [{}, {"positions": "none"}, {"biases": False}]
SUPPORTED_BY_GPT2 = [
    *SUPPORTED_BY_ALL,
    {"activation": "relu"},
    {"tie_embeddings": False},
    {"d_mlp": 20},
]


def make_model(switches: dict) -> Transformer:
    settings = Model(**({"d_model": 8, "n_heads": 2, "init_std": 0.5} | switches))
    model = Transformer(settings, len(VOCABULARY), 6, seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():  # so that biases and norms have an effect
        for p in model.parameters():
            p += 0.1 * torch.randn(p.shape, generator=generator)
    return model.eval()


def expected_logits(model: Transformer) -> np.ndarray:
    return model(torch.from_numpy(TOKENS)).detach().double().numpy()


@pytest.mark.parametrize("switches", SUPPORTED_BY_GPT2, ids=str)
def test_gpt2_tensors_give_the_same_logits_and_are_read_unchanged(switches, tmp_path):
    model = make_model(switches)
    weights = weights_of(model)
    write_gpt2(weights, VOCABULARY, tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    config = json.loads((tmp_path / "config.json").read_text())
    np.testing.assert_allclose(
        gpt2_logits(tensors, config, TOKENS), expected_logits(model), atol=1e-5
    )
    assert ("lm_head.weight" in tensors) == (not model.settings.tie_embeddings)
    restored = adapt_arrays(read_gpt2(tmp_path), model.settings, len(VOCABULARY), 6)
    assert restored.keys() == weights.arrays.keys()
    for name, array in weights.arrays.items():
        np.testing.assert_array_equal(restored[name], array)


@pytest.mark.parametrize("switches", [*SUPPORTED_BY_GPT2, {"norm": "none"}], ids=str)
def test_transformer_lens_tensors_give_the_same_logits(switches):
    model = make_model(switches)
    weights = weights_of(model)
    logits = transformer_lens_logits(
        transformer_lens_tensors(weights), transformer_lens_config(weights), TOKENS
    )
    np.testing.assert_allclose(logits, expected_logits(model), atol=1e-5)


@pytest.mark.parametrize("switches", SUPPORTED_BY_ALL, ids=str)
def test_every_field_of_model_bin_is_written_and_read(switches, tmp_path):
    weights = weights_of(make_model(switches))
    data = model_bin(weights)
    v, t, n, c, padded = len(VOCABULARY), 6, 2, 8, 128
    header = np.frombuffer(data, "<i4", 256)
    assert header[:8].tolist() == [20240326, 3, t, v, n, 2, c, padded] and not header[8:].any()
    # The order of llm.c's `ParameterTensors`, with sizes computed by hand.
    fields = {
        "wte": (padded, c), "wpe": (t, c), "ln1w": (n, c), "ln1b": (n, c),
        "qkvw": (n, 3 * c, c), "qkvb": (n, 3 * c), "attprojw": (n, c, c), "attprojb": (n, c),
        "ln2w": (n, c), "ln2b": (n, c), "fcw": (n, 4 * c, c), "fcb": (n, 4 * c),
        "fcprojw": (n, c, 4 * c), "fcprojb": (n, c), "lnfw": (c,), "lnfb": (c,),
    }  # fmt: skip
    values, offset = {}, 1024
    for name, shape in fields.items():
        size = int(np.prod(shape))
        values[name] = np.frombuffer(data, "<f4", size, offset).reshape(shape)
        offset += 4 * size
    assert offset == len(data)
    own = weights.arrays
    zeros = np.zeros
    np.testing.assert_array_equal(values["wte"][:v], own["token.weight"])
    assert not values["wte"][v:].any()
    np.testing.assert_array_equal(values["wpe"], own.get("position.weight", zeros((t, c))))
    for i in range(n):
        for field, name in {
            "ln1w": "norm_1.weight", "ln1b": "norm_1.bias", "qkvw": "attention.qkv.weight",
            "qkvb": "attention.qkv.bias", "attprojw": "attention.out.weight",
            "attprojb": "attention.out.bias", "ln2w": "norm_2.weight", "ln2b": "norm_2.bias",
            "fcw": "mlp.up.weight", "fcb": "mlp.up.bias", "fcprojw": "mlp.down.weight",
            "fcprojb": "mlp.down.bias",
        }.items():  # fmt: skip
            expected = own.get(f"blocks.{i}.{name}", zeros(fields[field][1:]))
            np.testing.assert_array_equal(values[field][i], expected)
    np.testing.assert_array_equal(values["lnfw"], own["norm.weight"])
    np.testing.assert_array_equal(values["lnfb"], own.get("norm.bias", zeros(c)))
    write_model_bin(weights, tmp_path / "model.bin")
    restored = adapt_arrays(read_model_bin(tmp_path / "model.bin"), weights.settings, v, t)
    assert restored.keys() == own.keys()
    assert all(np.array_equal(restored[name], own[name]) for name in own)


@pytest.mark.parametrize(
    ("switches", "named"),
    [
        ({"norm": "rmsnorm"}, "model.norm=rmsnorm"),
        ({"norm": "none"}, "model.norm=none"),
        ({"positions": "rotary"}, "model.positions=rotary"),
        ({"activation": "swiglu"}, "model.activation=swiglu"),
    ],
    ids=str,
)
def test_settings_that_a_format_does_not_support_are_refused_by_name(switches, named):
    weights = weights_of(make_model(switches))
    refusing = [lambda: gpt2_config(weights, VOCABULARY), lambda: model_bin(weights)]
    if switches != {"norm": "none"}:
        refusing.append(lambda: transformer_lens_config(weights))
    for write in refusing:
        with pytest.raises(PresetError, match="cannot represent") as raised:
            write()
        assert raised.value.found == named


def test_llmc_refuses_settings_that_only_gpt2_supports():
    for switches, named in (
        ({"tie_embeddings": False}, "model.tie_embeddings=false"),
        ({"activation": "relu"}, "model.activation=relu"),
        ({"d_mlp": 20}, "model.d_mlp=20"),
    ):
        with pytest.raises(PresetError) as raised:
            model_bin(weights_of(make_model(switches)))
        assert raised.value.found == named


def test_damaged_files_and_files_of_other_formats_are_refused(tmp_path):
    weights = weights_of(make_model({}))
    valid = model_bin(weights)
    for data in (b"", valid[:1000], valid[:-4], valid + b"\0\0\0\0", b"\1" * len(valid)):
        (tmp_path / "model.bin").write_bytes(data)
        with pytest.raises(RunError):
            read_model_bin(tmp_path / "model.bin")
    write_gpt2(weights, VOCABULARY, tmp_path)
    stored = (tmp_path / "model.safetensors").read_bytes()
    for data in (b"", stored[:100], stored[:-4]):
        (tmp_path / "model.safetensors").write_bytes(data)
        with pytest.raises(RunError):
            read_gpt2(tmp_path)
    config = gpt2_config(weights, VOCABULARY)
    for change in ({"activation_function": "gelu"}, {"model_type": "llama"}, {"n_layer": "two"}):
        (tmp_path / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(RunError):
            read_gpt2(tmp_path)


def test_weights_of_another_shape_are_refused():
    weights = weights_of(make_model({}))
    with pytest.raises(RunError, match="another model") as raised:
        adapt_arrays(weights, weights.settings, 11, 6)
    assert raised.value.found == "d_vocab 9" and raised.value.allowed == "d_vocab 11"


def test_masks_of_older_files_and_a_missing_prefix_are_ignored(tmp_path):
    from safetensors.numpy import save_file

    weights = weights_of(make_model({}))
    write_gpt2(weights, VOCABULARY, tmp_path)
    tensors = {
        name.removeprefix("transformer."): np.ascontiguousarray(tensor)
        for name, tensor in gpt2_tensors(weights).items()
    }
    tensors["h.0.attn.bias"] = np.tri(6, dtype=np.float32)
    save_file(tensors, tmp_path / "model.safetensors")
    restored: ModelWeights = read_gpt2(tmp_path)
    assert all(np.array_equal(restored.arrays[name], x) for name, x in weights.arrays.items())


SUPPORTED = {
    "gpt2": {
        "norm": {"layernorm"}, "positions": {"learned", "none"}, "activation": {"gelu", "relu"},
    },
    "transformer-lens": {
        "norm": {"layernorm", "none"}, "positions": {"learned", "none"},
        "activation": {"gelu", "relu"},
    },
    "llm.c": {
        "norm": {"layernorm"}, "positions": {"learned", "none"}, "activation": {"gelu"},
        "tie_embeddings": {True}, "d_mlp": {None, 32},
    },
}  # fmt: skip
"""Settings that each format supports, from its documentation; d_mlp 32 is 4 * d_model."""


def written_and_read(weights: ModelWeights) -> ModelWeights:
    with TemporaryDirectory() as folder:
        write_model_bin(weights, Path(folder) / "model.bin")
        return read_model_bin(Path(folder) / "model.bin")


def logits_by(format_name: str, weights: ModelWeights) -> np.ndarray:
    if format_name == "transformer-lens":
        config = transformer_lens_config(weights)
        return transformer_lens_logits(transformer_lens_tensors(weights), config, TOKENS)
    if format_name == "llm.c":
        weights = written_and_read(weights)
    config = gpt2_config(weights, VOCABULARY)
    return gpt2_logits(gpt2_tensors(weights), config, TOKENS)


@settings(max_examples=80, deadline=None)
@given(
    format_name=st.sampled_from(list(SUPPORTED)),
    switches=st.fixed_dictionaries(
        {
            "norm": st.sampled_from(["layernorm", "rmsnorm", "none"]),
            "positions": st.sampled_from(["learned", "rotary", "none"]),
            "activation": st.sampled_from(["gelu", "relu", "swiglu"]),
            "biases": st.booleans(),
            "tie_embeddings": st.booleans(),
            "d_mlp": st.sampled_from([None, 32, 20]),
        }
    ),
)
def test_any_model_is_written_exactly_or_refused_with_all_unsupported_settings(
    format_name, switches
):
    model = make_model(switches)
    supported = SUPPORTED[format_name]
    unsupported = {name for name, allowed in supported.items() if switches[name] not in allowed}
    try:
        logits = logits_by(format_name, weights_of(model))
    except PresetError as error:
        assert {part.split("=")[0] for part in error.found.split(", ")} == {
            f"model.{name}" for name in unsupported
        }
        assert all(f"model.{name}=" in error.allowed for name in unsupported)
        return
    assert not unsupported
    np.testing.assert_allclose(logits, expected_logits(model), atol=1e-5)


def test_an_unknown_symbol_is_padding_or_bos_and_never_eos():
    symbols = ("a", "<bos>", "<eos>", "<pad>")
    assert unknown(Vocabulary(symbols, "", bos=1, eos=2, pad=3)) == "<pad>"
    assert unknown(Vocabulary(symbols, "", bos=1, eos=2)) == "<bos>"
    assert unknown(Vocabulary(symbols, "", eos=2)) == "<unk>"

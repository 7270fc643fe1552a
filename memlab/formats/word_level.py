"""The vocabulary of a task as a tokenizer of the `tokenizers` library: one entry per symbol."""

from typing import Any

from memlab.tasks.task import Vocabulary

UNKNOWN = "<unk>"
"""in no vocabulary: without padding and BOS, an unknown symbol is an error, as in memlab"""


def tokenizer(vocabulary: Vocabulary) -> dict[str, Any]:
    """`tokenizer.json` of type WordLevel: splits at spaces or into characters, BOS first."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": token,
                "content": vocabulary.symbols[token],
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token in sorted(vocabulary.special)
        ],
        "normalizer": None,
        "pre_tokenizer": _splitter(vocabulary),
        "post_processor": _bos_first(vocabulary),
        "decoder": None if vocabulary.joiner else {"type": "Fuse"},
        "model": {
            "type": "WordLevel",
            "vocab": {symbol: i for i, symbol in enumerate(vocabulary.symbols)},
            "unk_token": unknown(vocabulary),
        },
    }


def unknown(vocabulary: Vocabulary) -> str:
    """The token for unknown symbols: padding or BOS, if the task has one.

    TransformerLens encodes "a" to detect which special tokens are added, so this must not be an
    error, nor become EOS, which would look as if EOS were appended.
    """
    ids = [i for i in (vocabulary.pad, vocabulary.bos) if i is not None]
    return vocabulary.symbols[ids[0]] if ids else UNKNOWN


def tokenizer_config(vocabulary: Vocabulary, n_ctx: int) -> dict[str, Any]:
    """`tokenizer_config.json`: which tokens are special."""
    ids = {"bos_token": vocabulary.bos, "eos_token": vocabulary.eos, "pad_token": vocabulary.pad}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": n_ctx,
        "clean_up_tokenization_spaces": False,
        **{name: vocabulary.symbols[i] for name, i in ids.items() if i is not None},
    }


def _splitter(vocabulary: Vocabulary) -> dict[str, Any]:
    if vocabulary.joiner:
        return {"type": "WhitespaceSplit"}
    pattern = {"Regex": r"[\s\S]"}
    return {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False}


def _bos_first(vocabulary: Vocabulary) -> dict[str, Any] | None:
    if vocabulary.bos is None:
        return None
    bos = vocabulary.symbols[vocabulary.bos]
    text = {"Sequence": {"id": "A", "type_id": 0}}
    first = {"SpecialToken": {"id": bos, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [first, text],
        "pair": [first, text, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {bos: {"id": bos, "ids": [vocabulary.bos], "tokens": [bos]}},
    }

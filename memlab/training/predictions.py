"""Completions of prompts by a trained model."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, final

import torch

from memlab.errors import DataError
from memlab.tasks.task import Dataset, Vocabulary
from memlab.training.generate import Generated, Sampling, generate
from memlab.training.trained_model import TrainedModel


@final
@dataclass(frozen=True)
class PredictedToken:
    """One token of a completion."""

    text: str
    p: float
    """probability of the token at temperature 1, among all tokens"""
    likeliest: tuple[tuple[str, float], ...] = ()
    """(text, p) of the most likely tokens at its position, if requested"""

    def to_json(self) -> dict[str, Any]:
        """`{text, p}`, and `likeliest` if known."""
        alternatives = [{"text": text, "p": p} for text, p in self.likeliest]
        return {"text": self.text, "p": self.p} | (
            {"likeliest": alternatives} if alternatives else {}
        )


@final
@dataclass(frozen=True, repr=False)
class Prediction:
    """The completion of a prompt."""

    prompt: str
    answer: str
    tokens: tuple[PredictedToken, ...]
    """tokens of the answer without special tokens"""
    joiner: str = ""
    """separator of tokens in text"""

    @property
    def p(self) -> float:
        """Probability of the whole answer, without its terminator."""
        return prod(token.p for token in self.tokens)

    def to_json(self) -> dict[str, Any]:
        """`{prompt, answer, tokens: [{text, p}]}`."""
        tokens = [token.to_json() for token in self.tokens]
        return {"prompt": self.prompt, "answer": self.answer, "tokens": tokens}

    def __repr__(self) -> str:
        return f"<{self.prompt!r} -> {self.answer!r}, p {self.p:.3g}>"


@final
@dataclass(frozen=True)
class Repeated:
    """Several sampled answers to one prompt."""

    prompt: str
    answers: dict[str, int]
    """answer to count, most frequent first"""

    @property
    def agreement(self) -> float:
        """Fraction of the most frequent answer, 0..1."""
        return max(self.answers.values()) / sum(self.answers.values())

    def to_json(self) -> dict[str, Any]:
        """`{prompt, answers: {answer: count}, agreement}`."""
        return {"prompt": self.prompt, "answers": self.answers, "agreement": self.agreement}


def complete(
    trained: TrainedModel,
    prompts: Sequence[str],
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    seed: int = 0,
) -> list[Prediction]:
    """Complete prompts.

    Args:
        trained: the model.
        prompts: texts.
        temperature: divides the logits; 0 = greedy.
        top_k: sample only from the k most likely tokens, and report these with each token.
        seed: seed of the sampling.

    Raises:
        DataError: a prompt has an unknown symbol, is empty, or is longer than the context.
    """
    dataset = trained.run_data.dataset
    vocabulary = dataset.vocabulary
    encoded = [encode_prompt(text, vocabulary, trained.model.n_ctx) for text in prompts]
    sampling = Sampling(temperature, top_k, torch.Generator().manual_seed(seed))
    answers = generate(trained.model, encoded, _longest_answer(dataset), vocabulary.eos, sampling)
    return [
        Prediction(
            prompt,
            vocabulary.decode(answer.tokens),
            _predicted_tokens(answer, vocabulary),
            vocabulary.joiner,
        )
        for prompt, answer in zip(prompts, answers, strict=True)
    ]


def count_answers(predictions: Sequence[Prediction]) -> list[Repeated]:
    """For each prompt, how often each answer occurred."""
    counts: dict[str, Counter[str]] = {}
    for prediction in predictions:
        counts.setdefault(prediction.prompt, Counter())[prediction.answer] += 1
    return [Repeated(prompt, dict(count.most_common())) for prompt, count in counts.items()]


def encode_prompt(text: str, vocabulary: Vocabulary, n_ctx: int) -> list[int]:
    """Token ids of a prompt, including BOS.

    Raises:
        DataError: a symbol is unknown, or the prompt is empty or longer than the context.
    """
    ids = vocabulary.encode_prompt(text)
    if not ids:
        raise DataError("the prompt is empty", hint="this task has no BOS token")
    if len(ids) > n_ctx:
        raise DataError(
            "the prompt is too long",
            found=f"{len(ids)} tokens",
            allowed=f"{n_ctx} tokens, the context of this model",
        )
    return ids


def _longest_answer(dataset: Dataset) -> int:
    return max(int(split.answer.sum(1).max()) for split in dataset.splits.values() if len(split))


def _predicted_tokens(answer: Generated, vocabulary: Vocabulary) -> tuple[PredictedToken, ...]:
    likeliest = answer.likeliest or [[] for _ in answer.tokens]
    return tuple(
        PredictedToken(
            vocabulary.symbols[token],
            p,
            tuple((vocabulary.symbols[other], q) for other, q in top),
        )
        for token, p, top in zip(answer.tokens, answer.p, likeliest, strict=True)
        if token not in vocabulary.special
    )

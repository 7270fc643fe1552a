"""Greedy answers of a model to prompts with known answers, and the samples that a run records."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from memlab.models.transformer import Transformer
from memlab.record.events import Samples
from memlab.tasks.task import Dataset, Vocabulary
from memlab.training.generate import Generated, generate
from memlab.training.run_data import RunData


@dataclass(frozen=True)
class Question:
    """A prompt with a known answer, as token ids."""

    split: str
    prompt: list[int]
    target: list[int]


def ask(model: Transformer, dataset: Dataset, questions: Sequence[Question]) -> list[Generated]:
    """Greedy answers to at least one question, each cut to the length of its target."""
    model.eval()
    longest = max(len(question.target) for question in questions)
    prompts = [question.prompt for question in questions]
    generated = generate(model, prompts, longest, dataset.vocabulary.eos)
    return [
        Generated(answer.tokens[: len(q.target)], answer.p[: len(q.target)])
        for answer, q in zip(generated, questions, strict=True)
    ]


def questions_of(dataset: Dataset, split: str, limit: int) -> list[Question]:
    """The first examples of a split."""
    examples = dataset.splits[split]
    return [
        Question(split, examples.prompt(i), examples.target(i))
        for i in range(min(limit, len(examples)))
    ]


def sample(model: Transformer, run_data: RunData, step: int) -> Samples:
    """Answers to the run's sample questions, token by token."""
    questions = sample_questions(run_data.dataset, run_data.preset.evaluation.samples)
    answers = ask(model, run_data.dataset, questions)
    vocabulary = run_data.dataset.vocabulary
    return Samples(
        step=step,
        samples=[
            {
                "split": question.split,
                "prompt": vocabulary.decode(question.prompt),
                "target": vocabulary.decode(question.target),
                "answer": vocabulary.decode(answer.tokens),
                "tokens": _tokens(question.target, answer, vocabulary),
            }
            for question, answer in zip(questions, answers, strict=True)
        ],
    )


def sample_questions(dataset: Dataset, n: int) -> list[Question]:
    """The probes of the data set; without probes `n` examples, half from train and half from val."""
    vocabulary = dataset.vocabulary
    if dataset.probes:
        return [
            Question("train", vocabulary.encode_prompt(prompt), vocabulary.encode(target))
            for prompt, target in dataset.probes
        ]
    splits = [name for name in ("train", "val") if len(dataset.splits.get(name, ()))]
    return [q for split in splits for q in questions_of(dataset, split, -(-n // len(splits)))]


def _tokens(target: list[int], answer: Generated, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """For each position of an answer the predicted token, its probability and the target token."""
    pairs = zip_longest(target, answer.tokens, answer.p)
    return [
        {
            "text": "" if token is None else vocabulary.symbols[token],
            "target": "" if right is None else vocabulary.symbols[right],
            "p": p,
            "ok": token == right,
        }
        for right, token, p in pairs
    ]

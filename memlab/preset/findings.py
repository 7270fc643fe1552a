"""Preflight rules: each rule reads the facts of a preset and yields findings.

To add a rule, write a function and add it to `RULES`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from memlab.preset.facts import Facts
from memlab.tasks.task import Examples

SMALL_HEAD = 8
"""smallest head size without a finding; published models use 32 and more"""
FEW_UPDATES = 500
"""1,000 random pairs: nothing was learned in 200 updates, all in 1,600"""
MANY_EXAMPLES = 100
"""distinct examples; smaller sets are memorized quickly"""
DENSE_EVALUATION = 0.1
"""evaluation time as a fraction of training time"""
ZERO_LOSS = 0.01
"""nats below which a loss counts as zero"""


@dataclass(frozen=True)
class PresetFinding:
    """A warning or note about a preset, before the run starts."""

    level: str
    """info, warning or error; an error means that the run cannot work"""
    what: str
    why: str
    advice: str

    def to_json(self) -> dict[str, str]:
        return {"level": self.level, "what": self.what, "why": self.why, "try": self.advice}


Rule = Callable[[Facts], Iterator[PresetFinding]]


def context_too_short(facts: Facts) -> Iterator[PresetFinding]:
    """The model needs a position for every token that it reads."""
    if facts.n_ctx < facts.dataset.n_ctx:
        yield PresetFinding(
            "error",
            f"n_ctx is {facts.n_ctx} but the data need {facts.dataset.n_ctx}",
            "Sequences do not fit into the model.",
            f"model.n_ctx=null, or {facts.dataset.n_ctx} or more",
        )


def small_heads(facts: Facts) -> Iterator[PresetFinding]:
    """A head with very few dimensions cannot distinguish tokens well."""
    model = facts.preset.model
    size = model.d_model // model.n_heads
    if size < SMALL_HEAD:
        yield PresetFinding(
            "warning",
            f"an attention head has {size} {'number' if size == 1 else 'numbers'}",
            f"d_model {model.d_model} is split over {model.n_heads} heads; "
            f"such short queries can hardly distinguish tokens.",
            f"model.n_heads={max(1, model.d_model // 32)}, or a larger d_model",
        )


def batch_larger_than_set(facts: Facts) -> Iterator[PresetFinding]:
    """With such a batch every update uses all examples."""
    batch_size, n = facts.preset.training.batch_size, len(facts.train)
    if batch_size != "full" and batch_size > n:
        yield PresetFinding(
            "warning",
            f"batch_size {batch_size:,} is larger than the training set ({n:,} examples)",
            "Every update uses all examples, as with `full`: one update per epoch.",
            "training.batch_size=full, or a smaller batch",
        )


def warmup_longer_than_training(facts: Facts) -> Iterator[PresetFinding]:
    """With such a warmup the learning rate never reaches its configured value."""
    warmup, updates = facts.preset.optimizer.warmup_steps, facts.updates
    if warmup >= updates:
        yield PresetFinding(
            "warning",
            f"warmup takes {warmup:,} of {updates:,} steps",
            f"The learning rate ends at {facts.preset.optimizer.lr * updates / warmup:.2g} and "
            "never reaches its peak.",
            f"optimizer.warmup_steps={updates // 20}, or more steps",
        )


def too_few_updates(facts: Facts) -> Iterator[PresetFinding]:
    """Memorization depends on the number of updates, not on the examples per update."""
    if facts.updates >= FEW_UPDATES:
        return
    distinct = len(np.unique(facts.train.tokens, axis=0))
    if distinct < MANY_EXAMPLES:
        return
    epochs = facts.updates / facts.updates_per_epoch
    yield PresetFinding(
        "warning",
        f"{facts.updates:,} updates are likely too few to memorize {distinct:,} examples",
        f"With batches of {facts.batch_size:,} an epoch has {facts.updates_per_epoch} of them, and "
        f"there are {epochs:,.0f} epochs. Runs on data like this took 500 to 2,000 updates.",
        _more_updates(facts),
    )


def _more_updates(facts: Facts) -> str:
    """A batch size with a thousand updates in the same number of epochs, if there is one; else
    steps.
    """
    epochs = facts.preset.training.epochs
    if epochs is not None:
        per_epoch = -(-2 * FEW_UPDATES // epochs)
        batch = 2 ** int(np.log2(max(1, len(facts.train) // per_epoch)))
        if len(facts.train) // batch >= per_epoch:
            return f"training.batch_size={batch}: {len(facts.train) // batch} updates per epoch"
    return f"training.steps={4 * FEW_UPDATES}"


def no_validation(facts: Facts) -> Iterator[PresetFinding]:
    """Without a validation set, memorization and generalization cannot be distinguished."""
    if not len(facts.dataset.splits.get("val", ())):
        why = "Memorization and generalization cannot be distinguished."
        if facts.preset.training.patience is not None:
            why += " `patience` needs val_loss."
        yield PresetFinding("warning", "the validation set is empty", why, "a larger share for val")


def validation_inside_training(facts: Facts) -> Iterator[PresetFinding]:
    """Accuracy on validation examples that are also trained on measures memorization."""
    val = facts.dataset.splits.get("val")
    if val is None or not len(val):
        return
    shared = _shared(val, facts.train)
    if facts.dataset.val_within_train:
        yield PresetFinding(
            "info",
            "validation examples are training examples, by design",
            "val_loss and val_accuracy measure memorization, not generalization.",
            "nothing, if memorization is the goal",
        )
    elif shared:
        yield PresetFinding(
            "warning",
            f"{shared:,} of {len(val):,} validation examples are in the training set",
            "val_loss and val_accuracy partly measure memorization.",
            "a split without common examples",
        )


def _shared(some: Examples, others: Examples) -> int:
    """Number of sequences of `some` that are also in `others`."""
    sequences = {row[:n].tobytes() for row, n in zip(others.tokens, others.length, strict=True)}
    return sum(
        row[:n].tobytes() in sequences for row, n in zip(some.tokens, some.length, strict=True)
    )


def unseen_symbols(facts: Facts) -> Iterator[PresetFinding]:
    """Symbols that never occur in training cannot be learned."""
    val = facts.dataset.splits.get("val")
    if val is None:
        return
    missing = np.setdiff1d(np.unique(val.tokens), np.unique(facts.train.tokens))
    if len(missing):
        names = [facts.dataset.vocabulary.symbols[token] for token in missing[:8]]
        yield PresetFinding(
            "warning",
            f"{len(missing)} symbols occur in validation but not in training",
            f"Nothing can be learned about {' '.join(names)}{' ...' if len(missing) > 8 else ''}.",
            "a larger training set",
        )


def diluted_loss(facts: Facts) -> Iterator[PresetFinding]:
    """Loss on tokens that their prefix does not determine outweighs the loss on the answer."""
    lost = (facts.irreducible > ZERO_LOSS) & ~facts.train.answer[:, 1:]
    if not lost.any():
        return
    places = np.flatnonzero(lost.any(axis=0))
    nats = ", ".join(
        f"token {p + 2}: {facts.irreducible[lost[:, p], p].mean():.2f}" for p in places
    )
    yield PresetFinding(
        "warning",
        f"the loss is diluted: {lost.sum() / (facts.target >= 0).sum():.0%} of its targets cannot "
        "be predicted",
        f"Irreducible loss in nats by position: {nats}. The training loss cannot fall below "
        f"{facts.irreducible_loss:.3f}, and gradients at these positions are noise.",
        "training.loss_on=answer",
    )


def several_answers(facts: Facts) -> Iterator[PresetFinding]:
    """A prompt with two different answers cannot always be answered correctly."""
    ambiguous = ((facts.irreducible > ZERO_LOSS) & facts.train.answer[:, 1:]).any(axis=1)
    if ambiguous.any():
        yield PresetFinding(
            "warning",
            f"{ambiguous.sum():,} training examples have a prompt with several answers",
            f"The training loss cannot fall below {facts.irreducible_loss:.3f}.",
            "prompts that determine their answers, if this is unintended",
        )


def contradicted_validation(facts: Facts) -> Iterator[PresetFinding]:
    """Training examples that contradict validation examples teach the wrong answer."""
    val = facts.dataset.splits.get("val")
    if val is None:
        return
    learned: dict[bytes, set[bytes]] = {}
    for prompt, answer in _prompts_and_answers(facts.train):
        learned.setdefault(prompt, set()).add(answer)
    n_contradicted = sum(a not in learned.get(p, {a}) for p, a in _prompts_and_answers(val))
    if n_contradicted:
        yield PresetFinding(
            "warning",
            f"{n_contradicted:,} of {len(val):,} validation examples have a prompt that training answers "
            "otherwise",
            "Learning the training answers lowers the validation accuracy.",
            "prompts that determine their answers, if this is unintended",
        )


def _prompts_and_answers(examples: Examples) -> Iterator[tuple[bytes, bytes]]:
    begin = examples.answer.argmax(axis=1)
    for row, n, length in zip(examples.tokens, begin, examples.length, strict=True):
        yield row[:n].tobytes(), row[n:length].tobytes()


def suspicious_pairs(facts: Facts) -> Iterator[PresetFinding]:
    """Text that looks right in an editor but is tokenized differently."""
    for note in facts.dataset.notes:
        yield PresetFinding(
            "warning",
            f"{note.what}: {note.where}",
            "The text is used exactly as the file has it.",
            f"{note.setting}, or correct the file",
        )


def dense_evaluation(facts: Facts) -> Iterator[PresetFinding]:
    """Evaluating all splits costs a forward pass over each; a training step costs about three."""
    n_examples = sum(len(facts.dataset.splits.get(name, ())) for name in ("train", "val"))
    share = facts.evaluations * n_examples / (3 * facts.updates * facts.batch_size)
    if share > DENSE_EVALUATION:
        yield PresetFinding(
            "info" if share < 1 else "warning",
            f"evaluations add about {share:.0%} to the run's time"
            if share < 1
            else f"evaluations take {share:.1f} times as long as training",
            f"There are {facts.evaluations:,} of them over {n_examples:,} examples each.",
            "a larger evaluation.every, or {ratio: 1.05}",
        )


RULES: tuple[Rule, ...] = (
    context_too_short,
    batch_larger_than_set,
    too_few_updates,
    warmup_longer_than_training,
    diluted_loss,
    several_answers,
    contradicted_validation,
    no_validation,
    validation_inside_training,
    unseen_symbols,
    small_heads,
    dense_evaluation,
    suspicious_pairs,
)

"""The schema of a preset: one declaration for the file, the overrides and the console's form."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationInfo, model_validator

from memlab.settings import Settings, setting
from memlab.tasks import kinds
from memlab.tasks.seeds import Seeds
from memlab.tasks.task import Task


class BrokenRule(ValueError):
    """Settings that are valid alone do not fit together; `key` is the one to look at first."""

    def __init__(self, what: str, *, key: str, allowed: str, hint: str | None = None) -> None:
        self.key, self.allowed, self.hint = key, allowed, hint
        super().__init__(what)


def _task(value: Any, info: ValidationInfo) -> Task:
    if isinstance(value, Task):
        return value
    known = ", ".join(kinds())
    if not isinstance(value, dict) or "kind" not in value:
        raise BrokenRule(
            "a task needs a kind", key="kind", allowed=known, hint="for example {kind: modular}"
        )
    if value["kind"] not in list(kinds()):
        raise BrokenRule("there is no such task", key="kind", allowed=known)
    return kinds()[value["kind"]].model_validate(value, context=info.context)


class Model(Settings):
    """A decoder-only transformer."""

    n_layers: int = setting(2, ge=1, le=64, help="Transformer blocks.")
    n_heads: int = setting(4, ge=1, le=64, help="Attention heads; must divide d_model.")
    d_model: int = setting(128, ge=1, le=4096, help="Width of the residual stream.")
    d_mlp: int | None = setting(
        None, ge=1, le=16384, help="Hidden units of each MLP; null = 4 * d_model."
    )
    n_ctx: int | None = setting(
        None, ge=1, le=4096, unit="tokens", help="Context length; null = what the data needs."
    )
    norm: Literal["layernorm", "rmsnorm", "none"] = setting(
        "layernorm", help="Normalization before each sublayer and before the logits."
    )
    positions: Literal["learned", "rotary", "none"] = setting(
        "learned", help="How a token knows its position."
    )
    activation: Literal["gelu", "relu", "swiglu"] = setting("gelu", help="Nonlinearity of the MLP.")
    biases: bool = setting(True, help="Biases in linear layers and in layernorm.")
    tie_embeddings: bool = setting(True, help="The token embedding also makes the logits.")
    init_std: float = setting(
        0.02, gt=0, le=10, help="Standard deviation of the initial weights (GPT-2: 0.02)."
    )
    dropout: float = setting(
        0.0, ge=0, lt=1, help="Share of activations dropped while training. Forbids prefix sharing."
    )

    @model_validator(mode="after")
    def _shapes(self) -> "Model":
        if self.d_model % self.n_heads:
            divisors = (str(n) for n in range(1, 65) if self.d_model % n == 0)
            raise BrokenRule(
                f"d_model {self.d_model} is not a multiple of n_heads {self.n_heads}",
                key="n_heads",
                allowed=", ".join(divisors),
            )
        head_size = self.d_model // self.n_heads
        if self.positions == "rotary" and head_size % 2:
            raise BrokenRule(
                f"rotary positions need an even head size, not {head_size}",
                key="positions",
                allowed="d_model / n_heads even, or positions learned or none",
            )
        return self


Beta = Annotated[float, Field(ge=0, lt=1)]


class Optimizer(Settings):
    """How weights follow gradients."""

    kind: Literal["adamw", "adam", "sgd"] = setting(
        "adamw", help="adamw decouples weight decay; adam and sgd add it to the gradient (L2)."
    )
    lr: float = setting(1e-3, gt=0, le=100, live=True, help="Learning rate at its peak.")
    betas: Annotated[list[Beta], Field(min_length=2, max_length=2)] = setting(
        [0.9, 0.98], help="Adam's decay rates of the gradient's mean and square."
    )
    eps: float = setting(1e-8, gt=0, le=1, help="Adam's guard against division by zero.")
    momentum: float = setting(0.0, ge=0, lt=1, help="SGD's momentum.")
    weight_decay: float = setting(
        0.0, ge=0, le=1000, live=True, help="Pull of the weights towards zero."
    )
    decay_on: Literal["all", "matrices"] = setting(
        "all", help="What decays: every parameter, or only those with two axes."
    )
    warmup_steps: int = setting(0, ge=0, unit="steps", help="The lr rises linearly over these.")
    schedule: Literal["constant", "linear", "cosine"] = setting(
        "constant", help="The lr after warmup, until the last step."
    )
    final_lr_fraction: float = setting(
        0.0, ge=0, le=1, help="Where a linear or cosine schedule ends, as a share of lr."
    )
    clip_grad_norm: float | None = setting(
        None, gt=0, live=True, help="Gradients longer than this are shortened to it; null = never."
    )


class SkipFirst(Settings):
    """Loss on every token after BOS but the first few."""

    skip_first: int = setting(ge=0, unit="tokens", help="Tokens after BOS without loss.")


class SeedChoice(Settings):
    """Children of `seed` set by hand; null = derived from it."""

    data: int | None = setting(None, ge=0, le=2**63 - 1, help="Random contents of the data.")
    split: int | None = setting(None, ge=0, le=2**63 - 1, help="Which examples are for training.")
    init: int | None = setting(None, ge=0, le=2**63 - 1, help="Initial weights.")
    batches: int | None = setting(None, ge=0, le=2**63 - 1, help="Order of the examples.")
    dropout: int | None = setting(None, ge=0, le=2**63 - 1, help="Which activations are dropped.")


class Training(Settings):
    """How long, on what, and with which objective."""

    steps: int | None = setting(
        None, ge=1, le=10**9, unit="steps", live=True, help="Optimizer updates; or give epochs."
    )
    epochs: int | None = setting(
        None, ge=1, le=10**9, unit="epochs", help="Passes over the training set; or give steps."
    )
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = setting(
        "full", unit="examples", help="Examples per update: a number, or `full` for all of them."
    )
    micro_batch_size: int | None = setting(
        None,
        ge=1,
        unit="examples",
        help="Examples computed at once; saves memory, changes nothing.",
    )
    loss_on: Literal["answer", "all"] | SkipFirst = setting(
        "answer", help="Which tokens are learned: the answer, all after BOS, or {skip_first: n}."
    )
    label_smoothing: float = setting(
        0.0, ge=0, lt=1, help="Share of the target spread over all tokens."
    )
    loss_dtype: Literal["float32", "float64"] = setting(
        "float32", help="Precision of softmax and loss."
    )
    patience: int | None = setting(
        None,
        ge=1,
        unit="evaluations",
        live=True,
        help="Stop after so many without a better val_loss.",
    )
    stop_when: Literal["sustained"] | None = setting(
        None, live=True, help="End early once generalization has lasted five evaluations."
    )
    on_divergence: Literal["stop", "continue"] = setting(
        "stop", help="What to do when the loss is no longer a finite number."
    )
    checkpoint_every: int | None = setting(
        None,
        ge=1,
        unit="steps",
        help="Steps between checkpoints; null = a hundredth of the run, 500 at least.",
    )
    seed: int = setting(0, ge=0, le=2**63 - 1, help="Feeds every kind of chance in the run.")
    seeds: SeedChoice = setting(SeedChoice(), help="Single kinds of chance, set apart from `seed`.")
    engine: Literal["auto", "tree", "pruned", "plain"] = setting(
        "auto", help="Form of the forward pass; all give the same result."
    )

    @model_validator(mode="after")
    def _length(self) -> "Training":
        if (self.steps is None) == (self.epochs is None):
            raise BrokenRule(
                "the length of training is given twice" if self.steps else "how long to train?",
                key="steps",
                allowed="exactly one of steps and epochs",
            )
        return self


class LogSchedule(Settings):
    """Evaluations at steps that grow by a ratio."""

    ratio: float = setting(ge=1.001, le=10, help="Each evaluation comes this many times later.")


class Evaluation(Settings):
    """When the model is judged, and what is shown of it."""

    every: Annotated[int, Field(ge=1)] | Literal["epoch"] | LogSchedule = setting(
        100, unit="steps", help="Steps between evaluations, `epoch`, or {ratio: 1.02}."
    )
    samples: int = setting(
        8, ge=0, le=256, unit="examples", help="Examples whose answers are written out each time."
    )


class Completion(Settings):
    """A prompt and the answer that the model must give."""

    prompt: str = setting(help="What the model reads.")
    answer: str = setting(help="What it must answer, greedily.")


class Claim(Settings):
    """A statement about the run's outcome that `memlab verify` sets beside what was measured."""

    measure: str | None = setting(None, help="What is compared: val_loss, train_accuracy, ...")
    split: str | None = setting(None, help="The split, where the measure does not name it.")
    at_least: float | None = setting(None, help="The measure must reach this.")
    at_most: float | None = setting(None, help="The measure must not exceed this.")
    equals: float | None = setting(None, help="The measure must be this.")
    by_step: int | None = setting(
        None, ge=0, unit="steps", help="... at some evaluation up to here."
    )
    not_by_step: int | None = setting(
        None, ge=0, unit="steps", help="... at no evaluation up to here."
    )
    at_end: bool = setting(False, help="... in the median of the last five evaluations.")
    completes: Completion | None = setting(None, help="Instead of a measure: a prompt to complete.")
    reported: str | None = setting(None, help="What the source reports.")
    source: str = setting(help="Where the statement comes from.")

    @model_validator(mode="after")
    def _one_statement(self) -> "Claim":
        bounds = [b for b in (self.at_least, self.at_most, self.equals) if b is not None]
        if self.completes is not None:
            if self.measure or bounds:
                raise ValueError("a claim either completes a prompt or compares a measure")
        elif self.measure is None or len(bounds) != 1:
            raise ValueError("a claim needs a measure and one of at_least, at_most, equals")
        elif self.at_end + (self.by_step is not None) + (self.not_by_step is not None) != 1:
            raise ValueError("a claim needs exactly one of by_step, not_by_step and at_end")
        return self


class Preset(Settings):
    """An experiment: everything that a run needs."""

    name: str = setting(min_length=1, max_length=120, help="A short name.")
    about: str = setting("", max_length=2000, help="What one will see.")
    task: Annotated[SerializeAsAny[Task], BeforeValidator(_task)] = setting(help="What is learned.")
    model: Model = setting(Model(), help="What learns.")
    optimizer: Optimizer = setting(Optimizer(), help="How it learns.")
    training: Training = setting(help="How long, on what.")
    evaluation: Evaluation = setting(Evaluation(), help="How it is judged.")
    claims: list[Claim] = setting([], help="What should come out.")

    @property
    def seeds(self) -> Seeds:
        """The run's seeds by name."""
        chosen = self.training.seeds.model_dump(exclude_none=True)
        return Seeds(self.training.seed, chosen)

"""The schema of a preset: one declaration for the file, the overrides and the console's form."""

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)

from memlab.measures import named_measures
from memlab.settings import Settings, setting
from memlab.tasks import task_class, task_names
from memlab.tasks.seeds import Seeds
from memlab.tasks.task import Task


class BrokenRule(ValueError):
    """Settings that are valid individually but not together; `key` names the one to change first."""

    def __init__(self, what: str, *, key: str, allowed: str, hint: str | None = None) -> None:
        self.key, self.allowed, self.hint = key, allowed, hint
        super().__init__(what)


def _task(value: Any, info: ValidationInfo) -> Task:
    if isinstance(value, Task):
        return value
    allowed = ", ".join(task_names())
    if not isinstance(value, dict) or "kind" not in value:
        raise BrokenRule(
            "a task needs a kind", key="kind", allowed=allowed, hint="for example {kind: modular}"
        )
    kind = value["kind"]
    task = task_class(kind) if isinstance(kind, str) else None
    if task is None:
        raise BrokenRule(
            "unknown task",
            key="kind",
            allowed=allowed,
            hint="your own tasks need --plugins DIR, or MEMLAB_PLUGINS=DIR in the environment",
        )
    return task.model_validate(value, context=info.context)


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
    positions: Literal["learned", "rotary", "none"] = setting("learned", help="Position encoding.")
    activation: Literal["gelu", "relu", "swiglu"] = setting("gelu", help="Nonlinearity of the MLP.")
    biases: bool = setting(True, help="Biases in linear layers and in layernorm.")
    tie_embeddings: bool = setting(True, help="Use the token embedding as the output layer.")
    init_std: float = setting(
        0.02, gt=0, le=10, help="Standard deviation of the initial weights (GPT-2: 0.02)."
    )
    dropout: float = setting(0.0, ge=0, lt=1, help="Dropout probability. Disables prefix sharing.")

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
    kind: Literal["adamw", "adam", "sgd"] = setting(
        "adamw", help="adamw decouples weight decay; adam and sgd add it to the gradient (L2)."
    )
    lr: float = setting(1e-3, gt=0, le=100, live=True, help="Peak learning rate.")
    betas: Annotated[list[Beta], Field(min_length=2, max_length=2)] = setting(
        [0.9, 0.98], help="Adam's decay rates of the gradient's mean and square."
    )
    eps: float = setting(1e-8, gt=0, le=1, help="Adam's epsilon, added to the denominator.")
    momentum: float = setting(0.0, ge=0, lt=1, help="SGD's momentum.")
    weight_decay: float = setting(0.0, ge=0, le=1000, live=True, help="Weight decay coefficient.")
    decay_on: Literal["all", "matrices"] = setting(
        "all", help="Parameters that decay: all, or only those with two axes."
    )
    warmup_steps: int = setting(
        0, ge=0, unit="steps", help="Linear warmup of the lr over this many steps."
    )
    schedule: Literal["constant", "linear", "cosine"] = setting(
        "constant", help="Schedule of the lr after warmup."
    )
    final_lr_fraction: float = setting(
        0.0, ge=0, le=1, help="Final lr of a linear or cosine schedule, as a fraction of lr."
    )
    clip_grad_norm: float | None = setting(
        None, gt=0, live=True, help="Clip the gradient norm to this; null = no clipping."
    )


class SkipFirst(Settings):
    """Loss on every token after BOS except the first few."""

    skip_first: int = setting(
        ge=0, unit="tokens", help="Number of tokens after BOS that have no loss."
    )


class LossPositions(Settings):
    """Loss at the given positions."""

    positions: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = setting(
        help="Positions of the input tokens that predict; BOS, or the first token, is 0."
    )


class SeedChoice(Settings):
    """Individual random seeds; null = derived from `seed`."""

    data: int | None = setting(None, ge=0, le=2**63 - 1, help="Seed of random data.")
    split: int | None = setting(None, ge=0, le=2**63 - 1, help="Seed of the split.")
    init: int | None = setting(None, ge=0, le=2**63 - 1, help="Initial weights.")
    batches: int | None = setting(None, ge=0, le=2**63 - 1, help="Seed of the batch order.")
    dropout: int | None = setting(None, ge=0, le=2**63 - 1, help="Seed of dropout.")


KeptStep = Annotated[int, Field(ge=1, le=10**9)]


class LogSchedule(Settings):
    """Steps that grow by a ratio."""

    ratio: float = setting(ge=1.001, le=10, help="Ratio between consecutive steps.")


class Training(Settings):
    """Length, batches and objective of training."""

    steps: int | None = setting(
        None,
        ge=1,
        le=10**9,
        unit="steps",
        live=True,
        help="Number of optimizer updates; alternative to epochs.",
    )
    epochs: int | None = setting(
        None,
        ge=1,
        le=10**9,
        unit="epochs",
        live=True,
        help="Passes over the training set; alternative to steps.",
    )
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = setting(
        "full", unit="examples", help="Examples per update, or `full` for the whole training set."
    )
    micro_batch_size: int | None = setting(
        None,
        ge=1,
        unit="examples",
        help="Examples per forward pass; saves memory, same result.",
    )
    loss_on: Literal["answer", "all"] | SkipFirst | LossPositions = setting(
        "answer",
        help="Target tokens: the answer, all tokens after BOS, {skip_first: n}, or "
        "{positions: [...]}.",
    )
    label_smoothing: float = setting(
        0.0, ge=0, lt=1, help="Label smoothing: probability mass spread over all tokens."
    )
    loss_dtype: Literal["float32", "float64"] = setting(
        "float32", help="Floating point type of softmax and loss."
    )
    patience: int | None = setting(
        None,
        ge=1,
        unit="evaluations",
        live=True,
        help="Stop early after this many evaluations without a lower val_loss.",
    )
    stop_when: Literal["sustained"] | None = setting(
        None,
        live=True,
        help="`sustained`: stop early after generalization held for five evaluations.",
    )
    on_divergence: Literal["stop", "continue"] = setting(
        "stop", help="Reaction to a non-finite loss."
    )
    checkpoint_every: int | None = setting(
        None,
        ge=1,
        unit="steps",
        help="Steps between checkpoints; null = 1 % of the run, at least 500.",
    )
    keep: LogSchedule | Annotated[list[KeptStep], Field(min_length=1)] | None = setting(
        None,
        unit="steps",
        help="Extra checkpoints that are never pruned: {ratio: 1.5} or a list of steps.",
    )
    keep_spikes: int = setting(
        8,
        ge=0,
        le=1000,
        unit="spikes",
        help="Number of spikes, the highest ones, whose checkpoint before the onset is kept.",
    )
    seed: int = setting(0, ge=0, le=2**63 - 1, help="Master random seed.")
    seeds: SeedChoice = setting(SeedChoice(), help="Individual random seeds that override `seed`.")
    engine: Literal["auto", "tree", "pruned", "plain"] = setting(
        "auto",
        help="Implementation of the forward and backward pass; all compute the same function.",
    )

    @model_validator(mode="after")
    def _length(self) -> "Training":
        if (self.steps is None) == (self.epochs is None):
            raise BrokenRule(
                "both steps and epochs are given"
                if self.steps
                else "neither steps nor epochs is given",
                key="steps",
                allowed="exactly one of steps and epochs",
            )
        return self


class Evaluation(Settings):
    """Evaluation schedule and samples."""

    every: Annotated[int, Field(ge=1)] | Literal["epoch"] | LogSchedule = setting(
        100, unit="steps", help="Steps between evaluations, `epoch`, or {ratio: 1.02}."
    )
    samples: int = setting(
        8,
        ge=0,
        le=256,
        unit="examples",
        help="Number of examples whose answers are recorded at each evaluation.",
    )
    measures: list[str] = setting(
        [], help="Measures of the model that each evaluation records; `memlab measure` lists them."
    )

    @field_validator("measures")
    @classmethod
    def _known_measures(cls, names: list[str]) -> list[str]:
        named_measures(names)
        return list(dict.fromkeys(names))


class Completion(Settings):
    """A prompt and the required completion."""

    prompt: str = setting(help="Prompt given to the model.")
    answer: str = setting(help="Required answer under greedy decoding.")


class Claim(Settings):
    """A statement about the result of a run that `memlab verify` checks."""

    measure: str | None = setting(None, help="Measure to compare: val_loss, train_accuracy, ...")
    split: str | None = setting(None, help="Split, if the name of the measure does not contain it.")
    at_least: float | None = setting(None, help="Lower bound of the measure.")
    at_most: float | None = setting(None, help="Upper bound of the measure.")
    equals: float | None = setting(None, help="Required value of the measure.")
    by_step: int | None = setting(
        None, ge=0, unit="steps", help="Met by some evaluation up to this step."
    )
    not_by_step: int | None = setting(
        None, ge=0, unit="steps", help="Met by no evaluation up to this step."
    )
    at_end: bool = setting(False, help="Met by the median of the last five evaluations.")
    completes: Completion | None = setting(None, help="A prompt to complete, instead of a measure.")
    reported: str | None = setting(None, help="Value that the source reports.")
    source: str = setting(help="Source of the statement.")

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
    """A complete experiment."""

    name: str = setting(min_length=1, max_length=120, help="Name of the preset.")
    about: str = setting("", max_length=2000, help="What the preset shows.")
    task: Annotated[SerializeAsAny[Task], BeforeValidator(_task)] = setting(
        help="Task and its data."
    )
    model: Model = setting(Model(), help="The model.")
    optimizer: Optimizer = setting(Optimizer(), help="Optimizer settings.")
    training: Training = setting(help="Training settings.")
    evaluation: Evaluation = setting(Evaluation(), help="Evaluation settings.")
    claims: list[Claim] = setting([], help="Expected results, checked by `memlab verify`.")

    @property
    def seeds(self) -> Seeds:
        chosen = self.training.seeds.model_dump(exclude_none=True)
        return Seeds(self.training.seed, chosen)

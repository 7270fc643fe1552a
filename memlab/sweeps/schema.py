"""The schema of a sweep file: its runs and the claims about their results."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from memlab.preset.schema import BrokenRule
from memlab.settings import Settings, setting

MAX_SEEDS = 10_000
MAX_SEED = 2**63 - 1
SeedList = Annotated[
    list[Annotated[int, Field(ge=0, le=MAX_SEED)]], Field(min_length=1, max_length=MAX_SEEDS)
]
Values = Annotated[list[Any], Field(min_length=1)]
Overrides = Annotated[dict[str, Any], Field(min_length=1)]
SeedName = Literal["seed", "data", "split", "init", "batches", "dropout"]


class Bound(Settings):
    """A lower or an upper bound of a number."""

    at_least: float | None = setting(None, help="Lower bound, inclusive.")
    at_most: float | None = setting(None, help="Upper bound, inclusive.")

    @model_validator(mode="after")
    def _one(self) -> "Bound":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give either at_least or at_most")
        return self


class SweepClaim(Settings):
    """A claim about the cells of a sweep; `memlab verify` compares it with the results."""

    cell: dict[str, Any] | None = setting(
        None,
        help="Settings that select one cell: {optimizer.weight_decay: 1.0}; {} = the only cell.",
    )
    compare: Annotated[list[dict[str, Any]], Field(min_length=2, max_length=2)] | None = setting(
        None, help="Instead of `cell`: two cells, whose medians are compared."
    )
    measure: str = setting(
        help="memorized_at, grokked_at, an event such as val_accuracy>=0.95, or a final value."
    )
    reached: Bound | None = setting(None, help="Fraction of the seeds that reached the event.")
    by_step: int | None = setting(
        None, ge=0, unit="steps", help="With `reached`: up to this step; null = the whole run."
    )
    median: Bound | None = setting(None, help="Median over the seeds.")
    mean: Bound | None = setting(None, help="Mean of a final value over the seeds.")
    factor: Bound | None = setting(
        None, help="With `compare`: median of the first cell divided by median of the second."
    )
    reported: str | None = setting(None, help="The result that the source reports.")
    source: str = setting("", help="The source of the claim.")

    @model_validator(mode="after")
    def _one_statement(self) -> "SweepClaim":
        if (self.cell is None) == (self.compare is None):
            raise ValueError("a claim about a sweep needs either cell or compare")
        if self.compare is not None and (self.factor is None or self._bounds() != 1):
            raise ValueError("a claim with compare needs factor and no other bound")
        if self.cell is not None and (self.factor is not None or self._bounds() != 1):
            raise ValueError("a claim with cell needs one of reached, median and mean")
        if self.by_step is not None and self.reached is None:
            raise ValueError("by_step is only allowed with reached")
        return self

    def _bounds(self) -> int:
        bounds = (self.reached, self.median, self.mean, self.factor)
        return sum(bound is not None for bound in bounds)


class ForkSource(Settings):
    """The parent run of forked members, and the last step that they share with it."""

    run: str = setting(min_length=1, help="Run id, a prefix of it, or a path.")
    at: int = setting(ge=0, unit="steps", help="Last shared step; fastest at a checkpoint.")


class SweepFile(Settings):
    """A sweep: a base preset or a run to fork, the settings that vary, and the seeds."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: str = setting(min_length=1, max_length=120, help="A short name.")
    about: str = setting("", max_length=2000, help="The question that the sweep answers.")
    base: Annotated[str, Field(min_length=1)] | None = setting(
        None, help="Base preset of all members; omitted with `from`."
    )
    grid: dict[str, Values] = setting({}, help="Settings and their values; all combinations run.")
    variants: dict[str, dict[str, Any]] = setting(
        {}, help="Named overrides, combined with the grid."
    )
    linked: list[Overrides] = setting(
        [], help="Settings that change together: a list of combinations."
    )
    skip: list[str] = setting([], help="Members to omit, in the syntax of the run filter.")
    seeds: Annotated[int, Field(ge=1, le=MAX_SEEDS)] | SeedList = setting(
        1, help="Number of seeds, counted from 0, or a list of seeds."
    )
    vary: Annotated[list[SeedName], Field(min_length=1)] = setting(
        ["seed"], help="Which seeds vary: [seed] = all, or some, such as [init]."
    )
    claims: list[SweepClaim] = setting([], help="Expected results.")
    fork: ForkSource | None = setting(
        None, alias="from", help="A run that all members fork; they inherit its settings."
    )

    @model_validator(mode="after")
    def _distinct(self) -> "SweepFile":
        if (self.base is None) == (self.fork is None):
            raise ValueError("a sweep needs either base or from")
        if isinstance(self.seeds, list) and len(set(self.seeds)) < len(self.seeds):
            raise BrokenRule("a seed is given twice", key="seeds", allowed="each seed once")
        if "seed" in self.vary and len(self.vary) > 1:
            raise ValueError("vary: seed includes all other seeds; give either seed or the others")
        return self

    @property
    def seed_list(self) -> list[int]:
        """The seeds of each cell, in the order in which they are executed."""
        return list(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds

"""The schema of a sweep file: which runs it describes, and what should come out of them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from memlab.settings import Settings, setting

MAX_SEEDS = 10_000
SeedList = Annotated[
    list[Annotated[int, Field(ge=0, le=2**63 - 1)]], Field(min_length=1, max_length=MAX_SEEDS)
]
Values = Annotated[list[Any], Field(min_length=1)]
Overrides = Annotated[dict[str, Any], Field(min_length=1)]
Child = Literal["seed", "data", "split", "init", "batches", "dropout"]


class Bound(Settings):
    """A limit on one number."""

    at_least: float | None = setting(None, help="The number must reach this.")
    at_most: float | None = setting(None, help="The number must not exceed this.")

    @model_validator(mode="after")
    def _one(self) -> "Bound":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give one of at_least and at_most")
        return self


class SweepClaim(Settings):
    """A statement about the cells of a sweep; `memlab verify` compares it with the results."""

    cell: dict[str, Any] | None = setting(
        None,
        help="Settings that select one cell: {optimizer.weight_decay: 1.0}; {} = the only one.",
    )
    compare: Annotated[list[dict[str, Any]], Field(min_length=2, max_length=2)] | None = setting(
        None, help="Instead of `cell`: two cells whose ratio is compared."
    )
    measure: str = setting(
        help="memorized_at, grokked_at, an event such as val_accuracy>=0.95, or a final value."
    )
    reached: Bound | None = setting(None, help="Share of the seeds that reached the event.")
    by_step: int | None = setting(
        None, ge=0, unit="steps", help="With `reached`: up to this step; null = the whole budget."
    )
    median: Bound | None = setting(None, help="Median over the seeds.")
    mean: Bound | None = setting(None, help="Mean over the seeds, of a final value.")
    factor: Bound | None = setting(
        None, help="With `compare`: median of the first cell over median of the second."
    )
    reported: str | None = setting(None, help="What the source reports.")
    source: str = setting("", help="Where the statement comes from.")

    @model_validator(mode="after")
    def _one_statement(self) -> "SweepClaim":
        if (self.cell is None) == (self.compare is None):
            raise ValueError("a claim on a sweep needs one of cell and compare")
        if self.compare is not None and (self.factor is None or self._bounds() != 1):
            raise ValueError("a claim that compares two cells needs factor and nothing else")
        if self.cell is not None and (self.factor is not None or self._bounds() != 1):
            raise ValueError("a claim on a cell needs one of reached, median and mean")
        if self.by_step is not None and self.reached is None:
            raise ValueError("by_step belongs to reached")
        return self

    def _bounds(self) -> int:
        bounds = (self.reached, self.median, self.mean, self.factor)
        return sum(bound is not None for bound in bounds)


class ForkSource(Settings):
    """A run, and the last step of it that every member shares."""

    run: str = setting(min_length=1, help="A run's id, its beginning, or its path.")
    at: int = setting(ge=0, unit="steps", help="Last shared step; quickest at a checkpoint.")


class SweepFile(Settings):
    """A sweep: a base preset or a run to fork, what varies, and the seeds of each cell."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: str = setting(min_length=1, max_length=120, help="A short name.")
    about: str = setting("", max_length=2000, help="The question that it answers.")
    base: Annotated[str, Field(min_length=1)] | None = setting(
        None, help="The preset that all members start from; left out with `from`."
    )
    grid: dict[str, Values] = setting({}, help="Settings and their values, all combined.")
    variants: dict[str, dict[str, Any]] = setting(
        {}, help="Named overrides, combined with the grid."
    )
    linked: list[Overrides] = setting([], help="Settings that change together, one entry each.")
    skip: list[str] = setting([], help="Members to leave out, in the language of the run filter.")
    seeds: Annotated[int, Field(ge=1, le=MAX_SEEDS)] | SeedList = setting(
        1, help="How many seeds, from 0 on, or which."
    )
    vary: Annotated[list[Child], Field(min_length=1)] = setting(
        ["seed"], help="What the seeds feed: seed, or only some children, such as [init]."
    )
    claims: list[SweepClaim] = setting([], help="Expected results.")
    fork: ForkSource | None = setting(
        None, alias="from", help="A run that all members are forked from, with its settings."
    )

    @model_validator(mode="after")
    def _distinct(self) -> "SweepFile":
        if (self.base is None) == (self.fork is None):
            raise ValueError("a sweep starts from one of base and from")
        if isinstance(self.seeds, list) and len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed is given twice")
        if "seed" in self.vary and len(self.vary) > 1:
            raise ValueError("vary: seed includes all its children; give seed alone, or children")
        return self

    @property
    def seed_list(self) -> list[int]:
        """The seeds of each cell, in the order in which they are executed."""
        return list(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds

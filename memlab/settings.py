"""Declaration of settings, shared by YAML files, the command line and the console's form."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """A group of settings: strict types, no unknown keys, finite numbers, immutable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def setting(
    default: Any = ..., *, help: str, unit: str | None = None, live: bool = False, **limits: Any
) -> Any:
    """Declare one setting.

    Args:
        default: its value when the preset does not name it; `...` makes it required.
        help: one sentence that explains it to a newcomer.
        unit: "steps", "nats", "examples", ...
        live: whether it may be edited while the run trains.
        limits: pydantic's `ge, gt, le, lt, min_length, max_length`.
    """
    return Field(
        default, description=help, json_schema_extra={"unit": unit, "live": live}, **limits
    )

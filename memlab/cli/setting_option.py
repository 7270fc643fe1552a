"""Settings that were given as options: `--steps 20` instead of `steps=20`."""

from collections.abc import Sequence
from typing import Any

from memlab.errors import MemlabError, PresetError


def setting_given_as_option(error: Exception, words: Sequence[str]) -> MemlabError | None:
    """The error for an unknown option that names a setting; None for any other error.

    Args:
        error: raised by the parser of a command; an unknown option has an `option_name`.
        words: the command line.
    """
    option: str | None = getattr(error, "option_name", None)
    command = getattr(getattr(error, "ctx", None), "command", None)
    arguments: Sequence[Any] = getattr(command, "params", ())
    if not option or not any(argument.name == "overrides" for argument in arguments):
        return None
    if (key := _setting(option.lstrip("-").replace("-", "_"))) is None:
        return None
    value = _value(option, words)
    return PresetError(
        f"no such option: {option}; settings are given as KEY=VALUE",
        found=option if value is None else f"{option} {value}",
        hint=f"{key}={'VALUE' if value is None else value}",
    )


def _setting(name: str) -> str | None:
    """The dotted key of the setting that `name` abbreviates, of any task; None if there is none."""
    from memlab.preset.fields import fields
    from memlab.preset.foreign_names import memlab_key
    from memlab.preset.override import full_key
    from memlab.tasks import task_names

    for kind in (None, *task_names()):
        try:
            return full_key(name, fields(kind), "")
        except MemlabError:
            continue
    return memlab_key(name)


def _value(option: str, words: Sequence[str]) -> str | None:
    """The value that follows the option, or stands behind its `=`."""
    for word, following in zip(words, (*words[1:], ""), strict=True):
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
        if word == option and following and not following.startswith("--"):
            return following
    return None

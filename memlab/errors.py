"""Errors that are not bugs.

MemlabError         shown without a traceback, exit code 2
  PresetError       a preset, an override or a setting
    PluginError     a plugin that cannot be imported or fails
  DataError         a task's data, or text that its vocabulary cannot express
  RunError          a run folder, an attempt or a checkpoint
  BusyError         another process is training the run
"""

import difflib
from collections.abc import Iterable


class MemlabError(Exception):
    """A user error or an external condition: what, where, found, allowed, hint."""

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        found: str | None = None,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.what, self.where, self.found, self.allowed, self.hint = (
            what,
            where,
            found,
            allowed,
            hint,
        )
        super().__init__(what)

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        for label in ("found", "allowed", "hint"):
            text = getattr(self, label)
            if text is not None:
                lines.append(f"  {label}: {text}")
        return "\n".join(lines)


class PresetError(MemlabError):
    """A preset, an override or a setting is not valid."""


class DataError(MemlabError):
    """A task cannot create its data, or text contains symbols outside the vocabulary."""


class PluginError(PresetError):
    """A plugin cannot be imported, or its code fails."""


class RunError(MemlabError):
    """A run folder, an attempt or a checkpoint is missing, damaged or not unique."""


class BusyError(RunError):
    """Another process is training the run."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the most similar known name, if one is similar."""
    names = list(known)
    matches = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    matches += [longer for longer in names if name and longer.startswith(name)]
    return f"did you mean {matches[0]}?" if matches else None

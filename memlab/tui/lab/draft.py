"""A preset with pending changes: the resulting preset, and the error of each change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

from memlab.errors import PresetError
from memlab.preset.fields import Field, fields
from memlab.preset.merge import merged
from memlab.preset.override import change
from memlab.preset.schema import Preset
from memlab.preset.strict_yaml import Document, parse
from memlab.preset.validate import task_kind, validated
from memlab.tasks import kinds

KIND = "task.kind"
CLAIMS = "claims"
"""not in the form: a list of mappings, which can only be edited in a file"""
_ABSENT = object()


@final
@dataclass(frozen=True)
class Draft:
    """A preset and the texts entered in its fields. Immutable: a change creates another draft."""

    base: Preset
    texts: Mapping[str, str] = field(default_factory=dict)
    """dotted key to entered text, in order of entry"""
    folder: Path | None = None
    """where a task looks for its files"""

    def typed(self, key: str, text: str) -> "Draft":
        """The draft after `text` was entered in a field; the preset's own value is no change."""
        others = {k: t for k, t in self.texts.items() if k != key}
        if key == KIND:
            # Another kind of task has different settings.
            others = {k: t for k, t in others.items() if not k.startswith("task.")}
        draft = replace(self, texts=others)
        return draft if draft.text(key) == text else replace(self, texts={**others, key: text})

    def towards(self, preset: Preset) -> "Draft":
        """The draft whose changes turn its base into `preset`."""
        wanted = preset.model_dump(mode="json")
        draft = Draft(self.base, folder=self.folder)
        for key in (KIND, *Draft(preset).known, CLAIMS):
            if _at(draft._original, key) != _at(wanted, key) is not None:
                draft = replace(draft, texts={**draft.texts, key: shown(_at(wanted, key))})
        return draft

    def without(self, key: str) -> "Draft":
        """The draft with a field reset to the preset's value."""
        return replace(self, texts={k: t for k, t in self.texts.items() if k != key})

    @property
    def known(self) -> Mapping[str, Field]:
        """The fields that a form shows, by key: only leaf settings, no items of lists."""
        every = fields(task_kind(self._document.value))
        groups = {"", *(key for key, one in every.items() if one.group)}
        return {
            key: one
            for key, one in every.items()
            if key.rpartition(".")[0] in groups
            if not (one.group or key == CLAIMS or key.endswith("[]"))
        }

    def text(self, key: str) -> str:
        """The text of a field: the entered text while it is invalid, else the current value."""
        if self._wrong(key):
            return self.texts[key]
        value = _at(self._document.value, key)
        return shown(self.known[key].default if value is _ABSENT else value)

    @cached_property
    def differences(self) -> dict[str, tuple[str, str]]:
        """The fields that differ from the preset: key to (old, new)."""
        differences = {}
        for key in self.known:
            before, after = _at(self._original, key), _at(self._document.value, key)
            changed = before != after and not (after is _ABSENT and before is None)
            if changed or self._wrong(key):
                differences[key] = (shown(before), self.text(key))
        return differences

    def original(self, key: str) -> str:
        """The preset's own value of a field."""
        return shown(_at(self._original, key))

    @property
    def problems(self) -> Mapping[str, PresetError]:
        """Error messages, by the most recently changed key among those involved."""
        return self._judged[1]

    @property
    def preset(self) -> Preset | None:
        """The preset to train; None while the draft is invalid."""
        return self._judged[0]

    @property
    def name(self) -> str:
        """Default name of a run: the preset and the changes."""
        changes = [
            f"{key.rpartition('.')[2]}={after}"
            for key, (_, after) in self.differences.items()
            if key not in ("name", "about")
        ]
        return " ".join([self.text("name"), *changes])[:120]

    @cached_property
    def _original(self) -> dict[str, Any]:
        return self.base.model_dump(mode="json")

    @cached_property
    def _read(self) -> tuple[dict[str, Document], dict[str, PresetError]]:
        """The changes that parse, and the errors of the others."""
        changes, problems = {}, {}
        for key, text in self.texts.items():
            try:
                changes[key] = change(key, self._value(key, text), key)
            except PresetError as problem:
                problems[key] = problem
        return changes, problems

    def _value(self, key: str, text: str) -> Any:
        """The value of an entered text: verbatim for string settings, else parsed as YAML."""
        tasks = (None, *kinds(), self.base.task.kind, self.texts.get(KIND))
        candidates = [one for kind in tasks for k, one in fields(kind).items() if k == key]
        if any(one.allowed.startswith("text") for one in candidates):
            return text
        return parse(text.encode("utf-8", "replace"), key).value

    def _wrong(self, key: str) -> bool:
        return key in self.texts and key in self.problems

    @cached_property
    def _document(self) -> Document:
        """The preset with all valid changes; an invalid change does not affect the others."""
        valid = [key for key in self._read[0] if key == KIND or key not in self.problems]
        return self._laid(valid)

    def _laid(self, keys: list[str]) -> Document:
        document = Document(self._original, {(): self.base.name})
        for key in keys:
            document = merged(document, self._read[0][key])
        return document

    @cached_property
    def _judged(self) -> tuple[Preset | None, dict[str, PresetError]]:
        """Remove invalid changes one by one, until the rest is valid."""
        problems = dict(self._read[1])
        keys = list(self._read[0])
        while True:
            try:
                preset = validated(self._laid(keys), self.folder)
                return (None if problems else preset), problems
            except PresetError as problem:
                key = str(problem.where)
                problems[key] = problem
                if key not in keys or key == KIND:
                    return None, problems
                keys.remove(key)


def shown(value: Any) -> str:
    """A value as text to edit in a field."""
    if value is _ABSENT or value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_item, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_item(item)}" for key, item in value.items()) + "}"
    return str(value)


def _item(value: Any) -> str:
    """A value within a list or mapping: strings are quoted."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return shown(value)


def _at(values: Any, key: str) -> Any:
    for part in key.split("."):
        if not isinstance(values, dict) or part not in values:
            return _ABSENT
        values = values[part]
    return values

"""A preset with pending changes: the resulting preset, and the error of each change.

Several values separated by commas turn a setting into an axis of a sweep; several seeds become the
seeds of its cells.
"""

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
from memlab.sweeps.load import SweepSource, from_settings
from memlab.sweeps.value_list import values_of
from memlab.tasks import kinds

KIND = "task.kind"
SEED = "training.seed"
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
        all_fields = fields(task_kind(self._document.value))
        groups = {"", *(key for key, field in all_fields.items() if field.group)}
        return {
            key: field
            for key, field in all_fields.items()
            if key.rpartition(".")[0] in groups
            if not (field.group or key == CLAIMS or key.endswith("[]"))
        }

    def text(self, key: str) -> str:
        """The text of a field: the entered text while it is invalid, else the current value."""
        if self._is_invalid(key):
            return self.texts[key]
        if key in self._value_lists:
            return ",".join(map(_in_list, self._value_lists[key]))
        value = _at(self._document.value, key)
        return shown(self.known[key].default if value is _ABSENT else value)

    @cached_property
    def differences(self) -> dict[str, tuple[str, str]]:
        """The fields that differ from the preset: key to (old, new)."""
        differences = {}
        for key in self.known:
            before, after = _at(self._original, key), _at(self._document.value, key)
            changed = before != after and not (after is _ABSENT and before is None)
            if changed or self._is_invalid(key) or key in self._value_lists:
                differences[key] = (shown(before), self.text(key))
        return differences

    def original(self, key: str) -> str:
        """The preset's own value of a field."""
        return shown(_at(self._original, key))

    @property
    def problems(self) -> Mapping[str, PresetError]:
        """Errors, by the most recently changed key among those involved."""
        return self._validated[1]

    @property
    def preset(self) -> Preset | None:
        """The preset to train, for a sweep that of its first member; None while invalid."""
        return self._validated[0]

    @cached_property
    def axes(self) -> dict[str, list[Any]]:
        """The settings with several values, seeds left out: full key to values."""
        return {key: values for key, values in self._value_lists.items() if key != SEED}

    @cached_property
    def sweep(self) -> SweepSource | None:
        """The sweep that would be trained; None if no setting has several values."""
        if self.preset is None or not self._value_lists:
            return None
        seeds = self._value_lists.get(SEED, [self.preset.training.seed])
        folder = self.folder or Path()
        read, kept = self._parsed[0], self.differences.keys() - {"name", "about"}
        fixed = {key: read[key][0] for key in read if key in kept and key not in self._value_lists}
        return from_settings(self._document, folder, self.name, self.axes, seeds, fixed)

    @property
    def subject(self) -> tuple[Preset | None, dict[str, list[Any]]]:
        """What preflight checks; equal for drafts that train the same."""
        return self.preset, self._value_lists

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
    def _parsed(self) -> tuple[dict[str, list[Any]], dict[str, PresetError]]:
        """The values of the changes that parse, mostly one each, and the errors of the others."""
        changes, problems = {}, {}
        for key, text in self.texts.items():
            try:
                changes[key] = self._values(key, text)
            except PresetError as problem:
                problems[key] = problem
        return changes, problems

    def _values(self, key: str, text: str) -> list[Any]:
        """The values of an entered text: verbatim for string settings, else parsed as YAML.

        Raises:
            PresetError: a part is empty, not YAML, or repeated.
        """
        tasks = (None, *kinds(), self.base.task.kind, self.texts.get(KIND))
        same_key = [fields(kind)[key] for kind in tasks if key in fields(kind)]
        if any(field.allowed.startswith("text") for field in same_key):
            return [text]
        parts = values_of(text)
        if len(parts) > 1 and not all(parts):
            raise PresetError("a value is missing between commas", where=key, found=text)
        values = [parse(part.encode("utf-8", "replace"), key).value for part in parts]
        for i, value in enumerate(values):
            if value in values[:i]:
                raise PresetError("a value is repeated", where=key, found=shown(value))
        return values

    @cached_property
    def _value_lists(self) -> dict[str, list[Any]]:
        """Keys with several valid values."""
        read = self._parsed[0].items()
        return {key: v for key, v in read if len(v) > 1 and key not in self.problems}

    def _is_invalid(self, key: str) -> bool:
        return key in self.texts and key in self.problems

    @cached_property
    def _document(self) -> Document:
        """The preset with all valid changes; an invalid change does not affect the others."""
        valid = [key for key in self._parsed[0] if key == KIND or key not in self.problems]
        return self._with_changes(valid)

    def _with_changes(self, keys: list[str], other: tuple[str, Any] | None = None) -> Document:
        """The preset with the first value of each change; `other` replaces the value of a key."""
        document = Document(self._original, {(): self.base.name})
        first = {key: self._parsed[0][key][0] for key in keys} | dict([other] if other else [])
        for key, value in first.items():
            document = merged(document, change(key, value, key))
        return document

    @cached_property
    def _validated(self) -> tuple[Preset | None, dict[str, PresetError]]:
        """Remove invalid changes one by one, until the rest is valid."""
        problems = dict(self._parsed[1])
        keys = list(self._parsed[0])
        while True:
            try:
                preset = validated(self._with_changes(keys), self.folder)
                for key in keys:
                    for value in self._parsed[0][key][1:]:
                        validated(self._with_changes(keys, (key, value)), self.folder)
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


def _in_list(value: Any) -> str:
    """A value in a list of values; text with a comma in it is quoted."""
    text = shown(value)
    return _item(value) if isinstance(value, str) and "," in value else text


def _at(values: Any, key: str) -> Any:
    for part in key.split("."):
        if not isinstance(values, dict) or part not in values:
            return _ABSENT
        values = values[part]
    return values

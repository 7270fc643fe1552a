"""Writes a preset as readable YAML that `load` reads back value for value."""

from collections.abc import Mapping
from typing import Any

import yaml

from memlab.preset.scalar import scalar
from memlab.preset.schema import Preset


def dump(preset: Preset) -> str:
    """The resolved preset as YAML: every setting and the claims."""
    values = preset.model_dump(mode="json")
    values["claims"] = [c.model_dump(mode="json", exclude_defaults=True) for c in preset.claims]
    return dump_values(values)


def dump_values(values: Mapping[str, Any]) -> str:
    """Plain values as strict YAML."""
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Quoted if the plain text would parse as another type or contains line breaks."""
    try:
        plain = text.isprintable() and scalar(text) == text
    except ValueError:
        plain = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


def _list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
    """In flow style, unless it contains mappings."""
    flow = not any(isinstance(item, dict) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flow)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)

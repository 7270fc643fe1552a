"""Strict YAML: plain values with the source position of every key, or one `PresetError`.

YAML 1.2 numbers and booleans (`1e-3` is a number, `no` is text), one document of bounded size and
depth, without surprising features: no aliases, tags, duplicate keys, dates, octal or base-60
numbers.
Values are not interpreted here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from memlab.errors import PresetError
from memlab.preset.scalar import scalar

MAX_BYTES = 64 * 1024
MAX_LINES = 2000
MAX_VALUES = 2000
MAX_DEPTH = 20
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")

Keys = tuple[str | int, ...]
"""Keys and list indices from the top of a document to a value."""


@dataclass(frozen=True)
class Document:
    """A parsed value with the source position of each part."""

    value: Any
    places: Mapping[Keys, str]
    """path -> "file:line:column" of its key or list item; () -> the whole"""

    def place(self, path: Keys) -> str:
        """Source position of `path`; if it is absent, of its nearest existing parent."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places[path]


def parse(data: bytes, source: str) -> Document:
    """The only YAML document in `data`; `source` names it in errors.

    Raises:
        PresetError: it is not UTF-8, not strict YAML, too large, too deep or too long.
    """
    if len(data) > MAX_BYTES:
        raise PresetError(
            "the file is too large",
            where=source,
            found=f"{len(data):,} bytes",
            allowed=f"at most {MAX_BYTES:,} bytes",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PresetError(
            "the file is not UTF-8 text",
            where=_place_after(data[: error.start].decode("utf-8"), source),
            found=f"byte 0x{data[error.start]:02x}",
        ) from None
    if len(_LINE_END.findall(text)) > MAX_LINES:
        raise PresetError(
            "the file has too many lines",
            where=f"{source}:{MAX_LINES + 1}:1",
            allowed=f"at most {MAX_LINES:,}",
        )
    node = _compose(text, source)
    places: dict[Keys, str] = {(): source}
    return Document(None if node is None else _value(node, (), places), places)


class _Loader(yaml.SafeLoader):
    """PyYAML's pure Python composer with limits; the C composer crashes on deep nesting."""

    values = 0

    def fetch_more_tokens(self) -> None:
        super().fetch_more_tokens()
        if self.flow_level + len(self.indents) > MAX_DEPTH:
            raise _refused(
                self.get_mark(), "the text is nested too deeply", allowed=f"{MAX_DEPTH} levels"
            )

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = super().peek_event()  # type: ignore[no-untyped-call]
        self.values += 1
        if self.values > MAX_VALUES:
            raise _refused(
                event.start_mark, "the text has too many values", allowed=f"at most {MAX_VALUES:,}"
            )
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _refused(
                event.start_mark,
                "anchors and aliases are not allowed",
                hint="write the value out, or quote the text",
            )
        if event.tag is not None:
            raise _refused(
                event.start_mark,
                "tags are not allowed",
                found=event.tag,
                hint="leave it out, or quote the text",
            )
        return super().compose_node(parent, index)


def _compose(text: str, source: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        raise PresetError(
            "the file has a character that YAML forbids",
            where=_place_after(text[: error.position], source),
            found=f"U+{ord(text[error.position]):04X}",
        ) from None
    loader.name = source
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = _place(mark) if mark else source
        raise PresetError(
            _PROBLEMS.get(error.problem or "", f"not valid YAML: {error.problem}"),
            where=where,
            hint=_hint(error),
        ) from None
    except (ValueError, OverflowError) as error:
        # Not caught by PyYAML: an escape beyond Unicode, a version of 5,000 digits.
        raise _refused(loader.get_mark(), f"not valid YAML: {error}") from None


_PROBLEMS = {"but found another document": "the file holds more than one YAML document"}


def _hint(error: yaml.MarkedYAMLError) -> str | None:
    problem = error.problem or ""
    if "'\\t'" in problem:
        return "indent with spaces, not tabs"
    if "another document" in problem:
        return "one preset per file: remove the line `---`"
    if "mapping values are not allowed" in problem:
        return "quote a text that holds `: `, and indent keys of one group alike"
    return None


def _value(node: yaml.Node, path: Keys, places: dict[Keys, str]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, places)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            places[(*path, index)] = _place(item.start_mark)
        return [_value(item, (*path, i), places) for i, item in enumerate(node.value)]
    text = str(node.value)
    if _HALF_A_PAIR.search(text):
        raise _refused(
            node.start_mark, "half a surrogate pair is not a character", found=ascii(text)
        )
    is_quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
    try:
        return text if is_quoted else scalar(text)
    except ValueError as error:
        raise _refused(
            node.start_mark,
            f"{_named(path)}ambiguous value",
            found=_short(text),
            hint=str(error),
        ) from None


def _mapping(node: yaml.MappingNode, path: Keys, places: dict[Keys, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _refused(
                key_node.start_mark,
                "a key must be a word",
                hint="quote a text that starts with { or [",
            )
        key = _value(
            yaml.ScalarNode("", key_node.value, key_node.start_mark, style='"'), path, places
        )
        if key in values:
            raise _refused(
                key_node.start_mark,
                f"the key {_short(key)} is given twice",
                hint=f"first at {places[(*path, key)]}",
            )
        places[(*path, key)] = _place(key_node.start_mark)
        values[key] = _value(value_node, (*path, key), places)
    return values


def _place_after(text: str, source: str) -> str:
    """Position of the character after `text`, counted from the beginning of the file."""
    return f"{source}:{text.count(chr(10)) + 1}:{len(text) - text.rfind(chr(10))}"


def _place(mark: Any) -> str:
    return f"{mark.name}:{mark.line + 1}:{mark.column + 1}"


def _named(path: Keys) -> str:
    return ".".join(map(str, path)) + ": " if path else ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refused(mark: Any, what: str, **details: str) -> PresetError:
    return PresetError(what, where=_place(mark), **details)

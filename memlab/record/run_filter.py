"""The filter language for runs: `status:finished val_loss<0.1 task.operation:add`.

    query      = all { ("or" | "|") all }
    all        = one { ["and"] one }
    one        = ("!" | "-" | "not") one | "(" query ")" | term
    term       = field comparison value {"," value} | "has:" field | value
    comparison = ":" | "=" | "!=" | "<" | "<=" | ">" | ">="

`:` matches a substring, or a pattern with `*` and `?`; with several values, any may match. The name
of a sweep's variant is compared as a whole: adam is not adamw. A single word is searched in name, tags, note, preset and id. A comparison is false for a run without a value.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from memlab.errors import MemlabError, nearest
from memlab.record.status import Status

Facts = Mapping[str, Any]
"""Fields of a run: "val_loss", "status", "optimizer.lr", ..."""
Test = Callable[[Facts], bool]

WORDS_IN = ("name", "tags", "note", "preset", "run")
"""Fields in which a single word is searched."""


class FilterError(MemlabError):
    """Invalid filter expression."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


_TOKENS = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<either>\|)|(?P<no>[!-](?=[\w("*?!-]))
    |(?P<comparison>:|!=|<=|>=|<|>|==?)|(?P<comma>,)|"(?P<quoted>[^"]*)"
    |(?P<word>[^\s()|:=<>,"!][^\s()|:=<>,"!]*))""",
    re.VERBOSE,
)
_VALUE = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"|(?P<word>[^\s()|,"]+))')
"""After a comparison almost any text is a value: `val_loss>-1`, `name:a=b`."""


def parse(text: str, known: frozenset[str] | None = None) -> Test:
    """The predicate that a filter expression describes; an empty one accepts all runs.

    Args:
        text: the expression.
        known: the names of fields; if given, others are an error.

    Raises:
        FilterError: invalid expression.
    """
    parser = _Parser(_tokens(text), known)
    return parser.query() if parser.tokens else lambda facts: True


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while text[at:].strip():
        compared = bool(tokens) and tokens[-1].kind in ("comparison", "comma")
        match = (_VALUE if compared else _TOKENS).match(text, at)
        if not match or match.lastgroup is None:
            raise FilterError("invalid syntax", found=text[at:].strip()[:40])
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens; each method parses one rule of the grammar."""

    def __init__(self, tokens: list[_Token], known: frozenset[str] | None) -> None:
        self.tokens, self._at, self._known = tokens, 0, known

    def query(self) -> Test:
        test = self._either(0)
        if self._at < len(self.tokens):
            raise FilterError("unbalanced )")
        return test

    def _either(self, depth: int) -> Test:
        if depth > 50:
            raise FilterError("nested too deeply")
        tests = [self._all(depth)]
        while self._take("either") or self._take_word("or"):
            tests.append(self._all(depth))
        return tests[0] if len(tests) == 1 else lambda facts: any(t(facts) for t in tests)

    def _all(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._take_word("and") or not self._at_end():
            tests.append(self._one(depth))
        return tests[0] if len(tests) == 1 else lambda facts: all(t(facts) for t in tests)

    def _at_end(self) -> bool:
        token = self._peek()
        return token is None or token.kind in ("either", "close") or token == _Token("word", "or")

    def _one(self, depth: int) -> Test:
        if self._take("no") or self._take_word("not"):
            test = self._one(depth + 1) if depth < 50 else self._either(depth + 1)
            return lambda facts: not test(facts)
        if self._take("open"):
            test = self._either(depth + 1)
            if not self._take("close"):
                raise FilterError("unbalanced (")
            return test
        return self._term()

    def _term(self) -> Test:
        value = self._value("a word")
        sign = self._take("comparison")
        if sign is None:
            return _anywhere(value.text)
        if value.text == "has":
            return _has(self._field(self._value("a field").text))
        field = self._field(value.text)
        values = [self._value("a value").text]
        while self._take("comma"):
            values.append(self._value("a value").text)
        return _compared(field, sign.text, values)

    def _field(self, name: str) -> str:
        """The name of a field: itself, or the only setting that ends in it."""
        if self._known is None or name in self._known:
            return name
        matches = [one for one in self._known if one.rpartition(".")[2] == name]
        if len(matches) == 1:
            return matches[0]
        candidates = ", ".join(sorted(matches)) or nearest(name, self._known)
        raise FilterError(f"unknown field {name!r}", hint=candidates)

    def _value(self, wanted: str) -> _Token:
        token = self._take("word") or self._take("quoted")
        if token is None:
            at = self._peek()
            raise FilterError(f"{wanted} is missing", found=f"before {at.text}" if at else None)
        return token

    def _peek(self) -> _Token | None:
        return self.tokens[self._at] if self._at < len(self.tokens) else None

    def _take(self, kind: str) -> _Token | None:
        token = self._peek()
        if token is None or token.kind != kind:
            return None
        self._at += 1
        return token

    def _take_word(self, word: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "word" or token.text.lower() != word:
            return False
        self._at += 1
        return True


def _anywhere(word: str) -> Test:
    return lambda facts: any(_like(facts.get(name), word) for name in WORDS_IN)


def _has(field: str) -> Test:
    return lambda facts: facts.get(field) not in (None, "", [], ())


def _compared(field: str, sign: str, values: list[str]) -> Test:
    if field == "status":
        _check_statuses(values)
    if sign == ":" and field == "variant" and not any(set(value) & {"*", "?"} for value in values):
        sign = "="
    if sign == ":":
        return lambda facts: any(_like(facts.get(field), value) for value in values)
    if sign in ("=", "=="):
        return lambda facts: any(_same(facts.get(field), value) for value in values)
    if sign == "!=":
        return lambda facts: not any(_same(facts.get(field), value) for value in values)
    if len(values) > 1:
        raise FilterError("one value after < or >", found=",".join(values))
    limit = _number(values[0])
    if limit is None:
        raise FilterError(f"{field}{sign} needs a number", found=values[0])
    return lambda facts: _ordered(_number(facts.get(field)), sign, limit)


def _check_statuses(values: list[str]) -> None:
    for value in values:
        if not any(_like(status, value) for status in Status):
            statuses = frozenset(map(str, Status))
            raise FilterError(f"unknown status {value!r}", hint=nearest(value, statuses))


def _ordered(value: float | None, sign: str, limit: float) -> bool:
    if value is None:
        return False
    return {
        "<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit,
    }[sign]  # fmt: skip


def _like(value: Any, pattern: str) -> bool:
    """Whether a text contains another, or matches a pattern; for a list, whether any item does."""
    if value is None:
        return False
    if isinstance(value, list | tuple):
        return any(_like(item, pattern) for item in value)
    text, pattern = _text(value).lower(), pattern.lower()
    if "*" in pattern or "?" in pattern:
        return fnmatchcase(text, pattern.replace("[", "[[]"))
    return pattern in text


def _same(value: Any, text: str) -> bool:
    if isinstance(value, list | tuple):
        return any(_same(item, text) for item in value)
    number, other = _number(value), _number(text)
    if number is not None and other is not None:
        return number == other
    return value is not None and _text(value).lower() == text.lower()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return None if number != number else number

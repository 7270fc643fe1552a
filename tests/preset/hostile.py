"""Presets that a stranger may send: as large as they may be, and shaped to cost as much as they can."""

from memlab.preset.strict_yaml import MAX_BYTES, MAX_LINES

GOOD = """\
name: trial
task: {kind: modular, operation: add, modulus: 7, train_fraction: 0.5}
model: {n_layers: 1, n_heads: 2, d_model: 16}
optimizer:
  lr: 1e-3
training:
  steps: 10
evaluation: {every: 5}
"""


def full(unit, before="", after="", most=10**9):
    room = MAX_BYTES - len((before + after).encode())
    return (before + unit * min(room // len(unit.encode()), most) + after).encode()


BOMB = b"a: &a [x, x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c]\n" % (c + 1, c + 1, c, c, c) for c in range(97, 122)
)
HOSTILE = {
    "billion laughs": BOMB,
    "deep brackets": full("["),
    "deep braces": full("{a: "),
    "deep dashes": full("- "),
    "deep keys": full("? "),
    "many documents": full("---\n", most=MAX_LINES),
    "many directives": full("%TAG !e! tag:e,2000:\n", "", "---\na: 1", most=MAX_LINES - 2),
    "a huge word": full("x"),
    "huge words": full("a "),
    "a huge quoted text": full("a\\n", '"', '"'),
    "a huge key": full("k", "? ", "\n: 1\n"),
    "a huge number": full("9", "a: "),
    "a huge base 60 number": full(":59", "a: 1"),
    "a huge tag": full("%41", "!<", "> x"),
    "a huge comment": full("#"),
    "old line ends": full("\r", "", "a: 1"),
    "line separators": full("\u2028", "", "a: 1"),
    "many keys": b"".join(b"k%d: 1\n" % i for i in range(900)),
    "many wrong items": GOOD.encode() + b"claims: [" + b"{a: 1}," * 600 + b"]",
    "many items for one": GOOD.replace("1e-3", "[" + "1," * 1800 + "]").encode(),
    "a huge unknown word": GOOD.replace("add", "'" + "ad " * 20_000 + "'").encode(),
    "a huge name of another": (f"extends: {'quickstart' * 6000}\n" + GOOD).encode(),
    "a name of another too long for a disk": (f"extends: {'e' * 254}\n" + GOOD).encode(),
    "ten megabytes": b"[" * 10_000_000,
    "ten megabytes of text": b"a: '" + b"x" * 10_000_000,
    "an escape beyond Unicode": b'a:\n  - "\\UFFFFFFFF"',
    "a version of many digits": b"%YAML 1." + b"9" * 5000 + b"\n---\na: 1",
    "a byte that is no UTF-8": b"a: 1\n\xc3\xa9\xff",
    "a character that YAML forbids": b"a: 1\n\xc3\xa9\0",
}

OVERRIDES = {
    "a huge key": "k" * 10_000_000 + "=1",
    "a huge value": "lr=" + "x" * 10_000_000,
    "deep": "lr=" + "[" * 60_000,
    "dots": "a." * 30_000 + "=1",
    "many signs": "=" * 60_000,
    "like a word": "operation=" + "ad" * 30_000,
}

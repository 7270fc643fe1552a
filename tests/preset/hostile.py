"""Untrusted presets of the maximum size that would take much time and memory."""

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


def full_size(unit, before="", after="", max_count=10**9):
    """A file of the maximum size that repeats `unit`."""
    remaining = MAX_BYTES - len((before + after).encode())
    count = min(remaining // len(unit.encode()), max_count)
    return (before + unit * count + after).encode()


BOMB = b"a: &a [x, x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c]\n" % (c + 1, c + 1, c, c, c) for c in range(97, 122)
)
HOSTILE = {
    "billion laughs": BOMB,
    "deep brackets": full_size("["),
    "deep braces": full_size("{a: "),
    "deep dashes": full_size("- "),
    "deep keys": full_size("? "),
    "many documents": full_size("---\n", max_count=MAX_LINES),
    "many directives": full_size(
        "%TAG !e! tag:e,2000:\n", "", "---\na: 1", max_count=MAX_LINES - 2
    ),
    "a huge word": full_size("x"),
    "huge words": full_size("a "),
    "a huge quoted text": full_size("a\\n", '"', '"'),
    "a huge key": full_size("k", "? ", "\n: 1\n"),
    "a huge number": full_size("9", "a: "),
    "a huge base 60 number": full_size(":59", "a: 1"),
    "a huge tag": full_size("%41", "!<", "> x"),
    "a huge comment": full_size("#"),
    "carriage returns": full_size("\r", "", "a: 1"),
    "line separators": full_size("\u2028", "", "a: 1"),
    "many keys": b"".join(b"k%d: 1\n" % i for i in range(900)),
    "many wrong items": GOOD.encode() + b"claims: [" + b"{a: 1}," * 600 + b"]",
    "many items for one value": GOOD.replace("1e-3", "[" + "1," * 1800 + "]").encode(),
    "a huge unknown word": GOOD.replace("add", "'" + "ad " * 20_000 + "'").encode(),
    "a huge name in extends": (f"extends: {'quickstart' * 6000}\n" + GOOD).encode(),
    "a name in extends that is too long for a file": (f"extends: {'e' * 254}\n" + GOOD).encode(),
    "ten megabytes": b"[" * 10_000_000,
    "ten megabytes of text": b"a: '" + b"x" * 10_000_000,
    "an escape beyond Unicode": b'a:\n  - "\\UFFFFFFFF"',
    "a version of many digits": b"%YAML 1." + b"9" * 5000 + b"\n---\na: 1",
    "a byte that is not UTF-8": b"a: 1\n\xc3\xa9\xff",
    "a character that YAML forbids": b"a: 1\n\xc3\xa9\0",
}

OVERRIDES = {
    "a huge key": "k" * 10_000_000 + "=1",
    "a huge value": "lr=" + "x" * 10_000_000,
    "deep brackets": "lr=" + "[" * 60_000,
    "dots": "a." * 30_000 + "=1",
    "many equals signs": "=" * 60_000,
    "a huge misspelled word": "operation=" + "ad" * 30_000,
}

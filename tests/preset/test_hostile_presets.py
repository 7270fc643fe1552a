"""Untrusted presets: arbitrary bytes give one error with its position, within 20 MB of memory."""

import os
import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import MemlabError, PresetError
from memlab.preset.load import SHIPPED, available, load
from memlab.preset.override import overridden
from memlab.preset.strict_yaml import MAX_BYTES, parse
from memlab.preset.validate import validated
from memlab.record.safe_text import safe_text

from .hostile import GOOD, HOSTILE, OVERRIDES

TEXTS = [path.read_text() for path in sorted(SHIPPED.rglob("*.yaml"))]
PLACE = re.compile(r":\d+:\d+$")
WITHOUT_PLACE = (
    "is missing",
    "a preset is a mapping",
    "too large",
    "needs",
    "neither steps nor epochs is given",
)
"""errors of a whole file, which have no line and column"""


def refused(path):
    """The error of a preset, which has a line and a column of the file; None if it is valid."""
    try:
        load(str(path))
    except PresetError as error:
        has_place = error.where.startswith(str(path)) and PLACE.search(error.where)
        assert has_place or any(words in error.what for words in WITHOUT_PLACE), str(error)
        assert "Input should" not in str(error) and "Traceback" not in str(error)
        safe_text(str(error), 4000, lines=True).encode()
        return error
    return None


ODD = st.sampled_from(
    ["null", "~", "yes", "no", "1_000", "0777", "0x1F", "12:30", "2026-11-21", ".inf", "-.nan", "1e999",
     "1e-3", "-1", "0", "1.5", "9223372036854775807", "9" * 400, "''", "[]", "{}", "[[[[]]]]", "{a: {b: c}}",
     "&a x", "*a", "!!python/object/apply:os.system [id]", "!!binary aGk=", "<<: {a: 1}", "'", '"', "|", ">", "- ",
     "../../etc/passwd", "/etc/passwd", "\x1b]0;x\x07", "\u202e", "\u2028", "\x85", "\t", "\0", "\ud7ff\ue000",
     "x" * 3000, "[b]", "é", "?", "%TAG", "---", "...", "#", "{", "}", "[", "]", ",", ":", "@", "`"]
)  # fmt: skip


@st.composite
def mutants(draw):
    lines = draw(st.sampled_from(TEXTS)).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        i = draw(st.integers(0, len(lines) - 1))
        j = draw(st.integers(0, len(lines) - 1))
        line, key = lines[i], lines[i].partition(":")[0]
        match draw(st.integers(0, 8)):
            case 0:
                lines[i] = ""
            case 1:
                lines.insert(j, line)
            case 2:
                lines[i], lines[j] = lines[j], line
            case 3:
                lines[i] = draw(st.sampled_from(["  ", "\t", " ", "- ", "? "])) + line
            case 4:
                lines[i] = line.lstrip()
            case 5:
                lines[i] = f"{key}: {draw(ODD)}"
            case 6:
                lines[i] = f"{key}{draw(ODD)}:{line.partition(':')[2]}"
            case 7:
                words = line.split(" ")
                words[draw(st.integers(0, len(words) - 1))] = draw(ODD)
                lines[i] = " ".join(words)
            case _:
                at = draw(st.integers(0, len(line)))
                lines[i] = line[:at] + draw(ODD | st.text(max_size=3)) + line[at:]
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(mutants())
def test_a_shipped_preset_with_changed_lines_is_read_or_refused_with_a_position(
    tmp_path_factory, text
):
    path = tmp_path_factory.getbasetemp() / "mutant.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused(path)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_a_shipped_preset_with_changed_bytes_is_read_or_refused_with_a_position(
    tmp_path_factory, text, data
):
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    raw = text.encode()
    at = data.draw(st.integers(0, len(raw)))
    cut = data.draw(st.integers(0, 20))
    path.write_bytes(raw[:at] + data.draw(st.binary(max_size=8)) + raw[at + cut :])
    refused(path)


@pytest.fixture
def memory_limit():
    """Fails if the test allocates more than 20 MB; the schema is created before."""
    load("quickstart")
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


SLOW = ("huge words", "a huge base 60 number")


@pytest.mark.parametrize(
    "kind", [pytest.param(one, marks=pytest.mark.slow if one in SLOW else ()) for one in HOSTILE]
)
def test_a_hostile_file_is_refused_within_20_mb(tmp_path, memory_limit, kind):
    path = tmp_path / "hostile.yaml"
    path.write_bytes(HOSTILE[kind])
    assert refused(path) is not None


@pytest.mark.parametrize("kind", OVERRIDES)
def test_a_hostile_override_is_refused_within_20_mb(memory_limit, kind):
    with pytest.raises(PresetError) as caught:
        validated(overridden(parse(GOOD.encode(), "good.yaml"), OVERRIDES[kind]))
    assert caught.value.where.startswith("override ") and len(str(caught.value)) < 10 * MAX_BYTES


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("an escape beyond Unicode", ":2:"),
        ("a byte that is not UTF-8", ":2:2"),
        ("a character that YAML forbids", ":2:2"),
        ("many documents", ":2:1"),
        ("billion laughs", ":1:4"),
        ("carriage returns", ":2001:1"),
        ("line separators", ":2001:1"),
    ],
)
def test_errors_of_the_yaml_library_have_line_and_column(tmp_path, kind, place):
    path = tmp_path / "hostile.yaml"
    path.write_bytes(HOSTILE[kind])
    assert place in refused(path).where.removeprefix(str(path)) + " "


MAKE = {
    "pipe": os.mkfifo,
    "loop": lambda path: path.symlink_to(path),
    "folder": os.mkdir,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "dangling link": lambda path: path.symlink_to("nothing"),
}


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("by", ["name", "path", "extends", "pairs"])
def test_pipes_links_folders_and_devices_are_refused_without_blocking(
    tmp_path, monkeypatch, kind, by
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "presets").mkdir()
    odd = tmp_path / "presets" / ("odd.txt" if by == "pairs" else "odd.yaml")
    MAKE[kind](odd)
    mine = tmp_path / "presets" / "mine.yaml"
    pairs = "task: {kind: pairs, train_fraction: 0.5, file: odd.txt}"
    mine.write_text(re.sub("task: .*", pairs, GOOD) if by == "pairs" else f"extends: odd\n{GOOD}")
    ref = {"name": "odd", "path": str(odd)}.get(by, str(mine))
    with pytest.raises(MemlabError):
        load(ref).task.dataset(load(ref).seeds)
    names = [found.name for found in available() if found.problem is None]
    assert "odd" not in names and "quickstart" in names


@pytest.mark.parametrize(
    "ref", ["x" * 300, "x" * 300 + ".yaml", "a\0b.yaml", "a/" * 3000 + "b.yaml"]
)
def test_a_name_that_no_file_system_allows_is_not_found(ref):
    with pytest.raises(PresetError, match="no"):
        load(ref)


@pytest.mark.parametrize("file", ["x" * 300, "a/" * 3000 + "b", "a\\0b", "../x", "/etc/passwd"])
def test_an_impossible_file_name_of_pairs_is_refused_with_its_position(tmp_path, file):
    path = tmp_path / "mine.yaml"
    pairs = f'task: {{kind: pairs, train_fraction: 0.5, file: "{file}"}}'
    path.write_text(re.sub("task: .*", lambda _: pairs, GOOD))
    assert refused(path).where == f"{path}:2:1"

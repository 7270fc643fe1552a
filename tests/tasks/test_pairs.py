"""Pairs from files of the user: formats, splits, paths, and errors in files."""

import json
from collections import Counter

import pytest
from pydantic import ValidationError

from memlab.errors import DataError
from memlab.tasks.pairs import Pairs
from memlab.tasks.seeds import Seeds

TEN = [(f"ask {i}:", f"tell {i}") for i in range(10)]


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    write(home / "ten.tsv", TEN)
    write(tmp_path / "outside.tsv", TEN)
    return home


def write(path, pairs):
    path.write_text("".join(f"{prompt}\t{answer}\n" for prompt, answer in pairs), "utf-8")


def read(folder, /, **settings):
    settings = {"kind": "pairs", "file": "ten.tsv", "train_fraction": 0.7} | settings
    return Pairs.model_validate(settings, context={"folder": folder})


def pairs_of(data):
    decode = data.vocabulary.decode
    return {
        split: [(decode(e.prompt(i)), decode(e.target(i))) for i in range(len(e))]
        for split, e in data.splits.items()
    }


def test_a_split_holds_every_pair_once(folder):
    parts = pairs_of(read(folder).dataset(Seeds()))
    assert {split: len(pairs) for split, pairs in parts.items()} == {"train": 7, "val": 3}
    assert sorted(parts["train"] + parts["val"]) == TEN


def test_json_lines_and_tab_separated_files_give_the_same_pairs(folder):
    lines = [json.dumps({"prompt": prompt, "answer": answer}) for prompt, answer in TEN]
    (folder / "ten.jsonl").write_text("\n".join(lines))
    assert pairs_of(read(folder, file="ten.jsonl").dataset(Seeds())) == pairs_of(
        read(folder).dataset(Seeds())
    )


def test_words_can_be_tokens(folder):
    data = read(folder, tokens="words").dataset(Seeds())
    assert "ask" in data.vocabulary.symbols
    assert data.n_ctx == 5


def test_repeated_pairs_stay_together_and_are_counted(folder):
    write(folder / "ten.tsv", TEN + TEN[:4] * 2)
    data = read(folder).dataset(Seeds())
    parts = pairs_of(data)
    assert not set(parts["train"]) & set(parts["val"])
    assert (len(set(parts["train"])), len(set(parts["val"]))) == (7, 3)
    for split, pairs in parts.items():
        assert data.splits[split].copies.tolist() == [Counter(pairs)[pair] for pair in pairs]


def test_files_can_define_the_splits(folder):
    write(folder / "val.tsv", [("new", "one")])
    write(folder / "test.tsv", [("newer", "two")])
    task = read(folder, val_file="val.tsv", test_file="test.tsv", train_fraction=None)
    data = task.dataset(Seeds())
    assert pairs_of(data) == {"train": TEN, "val": [("new", "one")], "test": [("newer", "two")]}
    assert not data.val_within_train


def test_validation_pairs_from_the_training_file_are_declared(folder):
    write(folder / "val.tsv", TEN[:3])
    data = read(folder, val_file="val.tsv", train_fraction=None).dataset(Seeds())
    assert data.val_within_train


def test_line_ends_byte_order_marks_and_empty_lines_do_not_matter(folder):
    (folder / "ten.tsv").write_bytes(b"\xef\xbb\xbfa\tb\r\n\r\nc\td")
    parts = pairs_of(read(folder, train_fraction=0.5).dataset(Seeds()))
    assert sorted(parts["train"] + parts["val"]) == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("bad.tsv", b"no tab here", "no tab"),
        ("bad.tsv", b"one\ttwo\tthree", "more than one tab"),
        ("bad.tsv", b"prompt\t  ", "the answer is empty"),
        ("bad.tsv", b"caf\xe9\tx", "can't decode"),
        ("bad.jsonl", b"{", "Expecting"),
        ("bad.jsonl", b"[1]", "not an object"),
        ("bad.jsonl", b'{"prompt": "a"}', "missing"),
        ("bad.jsonl", b'{"prompt": "a", "answer": 5}', "not a string"),
        ("bad.jsonl", b"[" * 100_000, "recursion"),
    ],
)
def test_a_bad_line_is_refused_with_file_and_line(folder, name, line, found):
    good = b'{"prompt": "a", "answer": "b"}\n' if name.endswith("jsonl") else b"a\tb\n"
    (folder / name).write_bytes(good + b"\n" + line + b"\n" + good)
    with pytest.raises(DataError) as caught:
        read(folder, file=name).dataset(Seeds())
    assert caught.value.where == f"{folder / name}:3"
    assert found in caught.value.found


def test_a_missing_file_is_named(folder):
    with pytest.raises(DataError, match=r"none\.tsv: cannot read the pairs: No such file"):
        read(folder, file="none.tsv").dataset(Seeds())


def test_too_few_pairs_are_refused(folder):
    write(folder / "ten.tsv", TEN[:1])
    with pytest.raises(DataError, match="a split is empty"):
        read(folder).dataset(Seeds())


@pytest.mark.parametrize("file", ["../outside.tsv", "{absolute}", "link.tsv"])
def test_a_file_outside_the_folder_is_refused(folder, file):
    outside = folder.parent / "outside.tsv"
    (folder / "link.tsv").symlink_to(outside)
    with pytest.raises(ValidationError, match="lies outside the folder"):
        read(folder, file=file.format(absolute=outside))


def test_another_folder_can_be_given(folder):
    task = read(folder, folder="..", file="outside.tsv")
    assert len(task.dataset(Seeds()).splits["train"]) == 7


def test_stored_settings_find_the_same_file_from_anywhere(folder, monkeypatch):
    stored = read(folder).model_dump(mode="json")
    monkeypatch.chdir("/")
    for context in (None, {"folder": "/somewhere/else"}):
        again = Pairs.model_validate(stored, context=context)
        assert again.model_dump(mode="json") == stored
        assert pairs_of(again.dataset(Seeds())) == pairs_of(read(folder).dataset(Seeds()))


def test_a_changed_file_is_an_error(folder):
    task = read(folder)
    write(folder / "ten.tsv", TEN[::-1])
    with pytest.raises(DataError, match="have changed since"):
        task.dataset(Seeds())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"train_fraction": None}, "exactly one of val_file, train_fraction and split"),
        ({"val_file": "ten.tsv"}, "exactly one of val_file, train_fraction and split"),
        ({"test_file": "ten.tsv"}, "test_file needs val_file"),
    ],
)
def test_splits_that_contradict_each_other_are_refused(folder, settings, message):
    with pytest.raises(ValidationError, match=message):
        read(folder, **settings)


@pytest.mark.parametrize("tokens", ["characters", "words"])
def test_half_a_surrogate_pair_is_refused_with_its_line(folder, tokens):
    lines = ['{"prompt": "a", "answer": "1"}', '{"prompt": "a\\ud83d", "answer": "1"}']
    (folder / "half.jsonl").write_text("\n".join(lines * 5))
    with pytest.raises(DataError, match="not a pair") as raised:
        read(folder, file="half.jsonl", tokens=tokens).dataset(Seeds())
    assert raised.value.where.endswith("half.jsonl:2")
    assert "surrogate" in raised.value.found
    (folder / "whole.jsonl").write_text(
        '{"prompt": "a\\ud83d\\ude00", "answer": "1"}\n' * 3 + lines[0]
    )
    assert (
        "\N{GRINNING FACE}" in read(folder, file="whole.jsonl").dataset(Seeds()).vocabulary.symbols
    )


def notes_of(folder, lines, **settings):
    (folder / "notes.tsv").write_text(
        "\n".join([*lines, *(f"{i}\t{i + 1}" for i in range(9))]), "utf-8"
    )
    return read(folder, file="notes.tsv", **settings).dataset(Seeds()).notes


@pytest.mark.parametrize(
    ("lines", "what", "setting"),
    [
        (["Prompt\tAnswer"], "header", "header=true"),
        (["Frage\tZahl"], "header", "header=true"),
        (['"a"\t"say ""hi"""', "b\tc"], "quotation marks", "quotes=true"),
        (["a\t5 "], "ends of an answer", "strip=true"),
        (["a\t5", " a\t5"], "differ only in white space", "strip=true"),
        (["a\u00a0b\t5"], "U+00A0 NO-BREAK SPACE", "normalize=nfkc"),
        (["a\u200bb\t5"], "U+200B ZERO WIDTH SPACE", "normalize=nfkc"),
        (["a\u2028b\t5"], "U+2028 LINE SEPARATOR", "normalize=nfkc"),
        (["a\u202eb\t5"], "U+202E RIGHT-TO-LEFT OVERRIDE", "normalize=nfkc"),
        (["a\x1b[31m\t5"], "U+001B", "normalize=nfkc"),
        (["cafe\u0301\t5", "caf\u00e9\t5"], "combining mark", "normalize=nfc"),
    ],
)  # fmt: skip
def test_likely_mistakes_are_reported_and_the_named_setting_fixes_them(
    folder, lines, what, setting
):
    (note,) = notes_of(folder, lines)
    assert what in note.what
    assert note.where.startswith("notes.tsv, line")
    assert note.setting == f"task.{setting}"
    key, value = setting.split("=")
    assert notes_of(folder, lines, **{key: {"true": True}.get(value, value)}) == ()


def test_a_note_has_the_line_numbers_of_the_file(folder):
    (note,) = notes_of(folder, ["", "a\t5", "", "b\t5 "])
    assert note.where == "notes.tsv, line 4"
    (note,) = notes_of(folder, [f"p{i}\t5 " for i in range(7)])
    assert note.where == "notes.tsv, lines 1, 2, 3, 4, 5 and 2 more"


def test_quoted_cells_are_read_as_spreadsheets_write_them(folder):
    (folder / "q.tsv").write_text('a\t"say ""hi"""\n"b\tc"\tplain\n' + "x\ty\n" * 3)
    data = read(folder, file="q.tsv", quotes=True, train_fraction=0.9).dataset(Seeds())
    pairs = {pair for split in pairs_of(data).values() for pair in split}
    assert pairs == {("a", 'say "hi"'), ("b\tc", "plain"), ("x", "y")}
    with pytest.raises(DataError, match="not a pair"):
        (folder / "q.tsv").write_text('a\t"open\n')
        read(folder, file="q.tsv", quotes=True).dataset(Seeds())


def test_text_without_anything_unusual_has_no_notes(folder):
    assert notes_of(folder, ['say "hi" \tyes', "caf\u00e9 =\t\u00e9t\u00e9"]) == ()


def test_an_export_is_complete_or_absent(folder, tmp_path, monkeypatch):
    from memlab.tasks import export

    out = tmp_path / "out"
    data = read(folder).dataset(Seeds())
    assert {p.name for p in export.write_dataset(data, out, "jsonl")} == {
        "train.jsonl",
        "val.jsonl",
    }
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def broken(data, folder):
        yield next(export.write_jsonl(data, folder))
        raise DataError("cannot be written")

    monkeypatch.setitem(export.FORMATS, "jsonl", broken)
    with pytest.raises(DataError):
        export.write_dataset(read(folder, train_fraction=0.5).dataset(Seeds()), out, "jsonl")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_an_object_with_a_key_twice_is_refused_with_its_line(folder):
    (folder / "twice.jsonl").write_text(
        '{"prompt": "a", "answer": "1"}\n{"prompt": "b", "prompt": "c", "answer": "2"}\n'
    )
    with pytest.raises(DataError, match="not a pair") as caught:
        read(folder, file="twice.jsonl").dataset(Seeds())
    assert caught.value.where.endswith("twice.jsonl:2") and "twice" in caught.value.found

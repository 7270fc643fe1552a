"""Sweep files: their expansion, and errors with their positions in bad files."""

from pathlib import Path

import pytest

from memlab.errors import MemlabError
from memlab.preset.load import names as preset_names
from memlab.sweeps.expand import expand
from memlab.sweeps.load import load_sweep, names
from memlab.sweeps.sweep import Sweep, find_sweep
from memlab.sweeps.value_list import values_of

FILE = """\
name: trial
base: tiny
grid: {task.train_fraction: [0.4, 0.5], weight_decay: [0.0, 1.0]}
variants: {adamw: {}, adam: {optimizer.kind: adam}}
linked: [{training.batch_size: 4, lr: 1e-3}, {training.batch_size: 8, lr: 2e-3}]
skip: ["optimizer.weight_decay=0 variant:adam"]
seeds: [42, 7]
vary: [init, batches]
"""


def plan_of(folder: Path, text: str = FILE):
    (folder / "trial.yaml").write_text(text)
    return expand(load_sweep(str(folder / "trial.yaml")), folder / "runs")


def test_all_combinations_except_skipped_ones_become_members(base, tmp_path):
    plan = plan_of(tmp_path)
    # 2 variants x 2 linked x 2 fractions x 2 decays, less adam without decay, times 2 seeds
    assert len(plan.cells) == 16 - 4
    assert len(plan.members) == 24
    assert plan.skipped == 8
    assert not any(
        c.at["variant"] == "adam" and not c.at["optimizer.weight_decay"] for c in plan.cells
    )


def test_the_preset_of_a_cell_has_the_settings_of_the_cell(base, tmp_path):
    for cell in plan_of(tmp_path).cells:
        optimizer, training = cell.preset["optimizer"], cell.preset["training"]
        assert optimizer["kind"] == cell.at["variant"]
        assert optimizer["weight_decay"] == cell.at["optimizer.weight_decay"]
        assert cell.preset["task"]["train_fraction"] == cell.at["task.train_fraction"]
        assert optimizer["lr"] == {4: 1e-3, 8: 2e-3}[training["batch_size"]]


def test_all_cells_run_with_the_first_seed_before_any_runs_with_the_second(base, tmp_path):
    members = plan_of(tmp_path).members
    assert [member.seed for member in members] == [42] * 12 + [7] * 12
    assert [member.cell for member in members] == 2 * list(range(12))
    assert len({member.run for member in members}) == 24
    assert sorted(member.run for member in members) == [member.run for member in members]


def test_a_seed_changes_only_the_seeds_under_vary(base, tmp_path):
    member = plan_of(tmp_path).members[-1]
    assert member.changes == {"training.seeds.init": 7, "training.seeds.batches": 7}


BAD = {
    "an unknown key": ("seeds: [42, 7]", "seedz: 3", "7:1", "unknown key 'seedz'", "did you mean seeds?"),
    "an unknown setting": ("weight_decay: [", "weight_decai: [", "3:41", "unknown setting 'weight_decai'", "weight_decay"),
    "a value out of range": ("[0.4, 0.5]", "[0.4, 1.5]", "3:35", "too large", "below 1"),
    "no list": ("[0.4, 0.5]", "0.4", "3:8", "wrong type", "a valid list"),
    "no base": ("base: tiny", "base: tinny", "2:1", "unknown preset 'tinny'", ""),
    "two axes for one setting": ("adam: {optimizer.kind: adam}", "adam: {lr: 1.0}", None, "two axes set optimizer.lr", "variant"),
    "a value twice": ("[0.0, 1.0]", "[1, 1.0]", "3:41", "a value twice", ""),
    "a bad filter": ("variant:adam\"", "foo:adam\"", "6:8", "unknown field 'foo'", ""),
    "a seed twice": ("[42, 7]", "[42, 42]", "7:1", "a seed is given twice", "42, 42"),
    "no value": ("[0.4, 0.5]", "[]", "3:8", "too few items", "at least 1"),
    "seeds as an axis": ("weight_decay: [0.0", "training.seed: [0.0", "3:41", "not an axis", "vary"),
    "a claim on no cell": ("seeds: [42, 7]", "claims: [{cell: {weight_decay: 3}, measure: grokked_at, reached: {at_least: 1}}]", "7:10", "no cell has these settings", "variant=adamw"),
    "an uneven link": ("lr: 2e-3", "steps: 3", "5:46", "different settings", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_rejected_with_the_position_of_the_error(case, base, tmp_path):
    old, new, place, what, more = BAD[case]
    assert old in FILE
    with pytest.raises(MemlabError) as caught:
        plan_of(tmp_path, FILE.replace(old, new))
    assert what in caught.value.what
    assert more in str(caught.value)
    if place:
        assert caught.value.where == f"{tmp_path / 'trial.yaml'}:{place}"


@pytest.mark.parametrize(("text", "found"), [("", "null"), ("- base: tiny\n", "a list")])
def test_a_file_that_is_no_mapping_is_rejected(base, tmp_path, text, found):
    with pytest.raises(MemlabError, match=f"(?s)trial.yaml: a preset is a mapping.*{found}"):
        plan_of(tmp_path, text)


@pytest.mark.parametrize(
    "text, values",
    [
        ("0,0.1,1", ["0", "0.1", "1"]),
        ("[0.9,0.98]", ["[0.9,0.98]"]),
        ("[0.9,0.98],[0.9,0.999]", ["[0.9,0.98]", "[0.9,0.999]"]),
        ("{skip_first: 3},answer", ["{skip_first: 3}", "answer"]),
        ("'a,b',c", ["'a,b'", "c"]),
        ("[1,2", ["[1,2"]),
        ("", [""]),
    ],
)
def test_commas_outside_of_brackets_and_quotes_separate(text, values):
    assert values_of(text) == values


def test_the_command_line_gives_axes_and_overrides(base, tmp_path):
    plan = expand(load_sweep(str(base), ["lr=0.1,0.2", "steps=5"], seeds=3), tmp_path / "runs")
    assert [(axis.key, axis.values) for axis in plan.axes] == [("optimizer.lr", (0.1, 0.2))]
    assert {cell.updates for cell in plan.cells} == {5}
    assert len(plan.members) == 6


def test_an_axis_on_the_command_line_replaces_that_of_the_file(base, tmp_path):
    (tmp_path / "trial.yaml").write_text(FILE)
    source = load_sweep(str(tmp_path / "trial.yaml"), ["optimizer.weight_decay=0.5,0.6"], seeds=1)
    plan = expand(source, tmp_path / "runs")
    assert {cell.at["optimizer.weight_decay"] for cell in plan.cells} == {0.5, 0.6}


def test_a_plan_is_read_back_unchanged_and_damage_is_detected(make):
    sweep = make("lr=0.1,0.2", seeds=2)
    assert find_sweep(sweep.runs, "last").plan == sweep.plan
    path = sweep.path / "sweep.json"
    path.write_bytes(path.read_bytes().replace(b"0.2", b"0.3"))
    with pytest.raises(MemlabError, match="damaged"):
        Sweep.open(sweep.path)


def test_shipped_sweeps_are_valid_and_share_no_name_with_a_preset(tmp_path):
    assert len(names()) >= 6
    assert not names().keys() & preset_names().keys()
    for name in names():
        assert expand(load_sweep(name), tmp_path).name == name

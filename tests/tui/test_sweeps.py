"""The Sweeps screen on a synthetic sweep, without training."""

import json
import math
import threading

import numpy as np
import pytest
from textual.widgets import Input

from memlab.charts import DARK, as_text
from memlab.figures.plot import CellGrid
from memlab.record.folder import RunFolder
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.statistics import FinalValues, StepsToEvent
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.tables import Results
from memlab.tui.compare.curves import Compared
from memlab.tui.live.frame import text_of
from memlab.tui.sweeps.cell_curves import CellCurves, cell_chart, curve_measure
from memlab.tui.sweeps.cell_table import CellTable, final_text, steps_text
from memlab.tui.sweeps.heat_map import SweepMap
from memlab.tui.sweeps.heat_map_text import colour_of, draw_heat_map, heat_map_layout
from memlab.tui.sweeps.reader import SweepReader
from memlab.tui.sweeps.selection import SweepSelection
from memlab.tui.sweeps.sweep_list import SweepList

from ..figures.synthetic import synthetic_sweep

GROKKED = {
    (0.0, 1e-3): [None, None, 350],
    (0.0, 1e-2): [None, None, None],
    (1.0, 1e-3): [200, 220, 240],
    (1.0, 1e-2): [150, 160, None],
}
TWO_MEMBERS = {(0.0, 1e-3): [None], (1.0, 1e-3): [200]}
HOSTILE = "[red]x[/] [@click=app.quit]q[/] \x1b[31m\x1b]0;t\x07 \u202egnp\u200b" + "w" * 99


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder of runs with a sweep over two axes, four cells, three seeds each."""
    runs = tmp_path_factory.mktemp("runs")
    return synthetic_sweep(runs, GROKKED)


@pytest.fixture
def sweep(here, made):
    """The sweep in the console's folder of runs."""
    (here / "runs").symlink_to(made.runs)
    return made


def _grid(values, texts, hatched=None, *, log=False):
    values = np.array(values, float)
    names = (
        tuple(f"c{j}" for j in range(values.shape[1])),
        tuple(f"r{i}" for i in range(len(values))),
    )
    return CellGrid(values, "x", "y", "steps", *names, texts, hatched, log)


# Texts of cells


def test_steps_state_how_many_members_reached_the_event_and_mark_bounds():
    reached = StepsToEvent(5, 5, 4100.0, 2900.0, 5300.0, None)
    assert steps_text(reached) == "5/5  4.1k (2.9k to 5.3k)"
    censored = StepsToEvent(4, 5, 4100.0, 2900.0, None, 20_000)
    assert steps_text(censored) == "4/5  4.1k (2.9k to >20k)"
    assert steps_text(StepsToEvent(0, 5, None, None, None, 20_000)) == "0/5  >20k"
    assert steps_text(StepsToEvent(1, 1, 300.0, 300.0, 300.0, None)) == "1/1  300"
    assert steps_text(StepsToEvent(0, 0, None, None, None, None)) == "–"


def test_final_values_state_their_number_and_no_spread_of_one():
    assert final_text(FinalValues(5, 0.98, 0.011, 0.9, 1, 0.99)) == "0.98 ± 0.011 (n 5)"
    assert final_text(FinalValues(1, 0.98, None, 0.98, 0.98, 0.98)) == "0.98 (n 1)"
    assert final_text(FinalValues(0, None, None, None, None, None)) == "–"


def test_events_are_shown_by_the_curve_of_the_measure_that_defines_them():
    assert curve_measure("grokked") == "val_accuracy"
    assert curve_measure("memorized") == "train_accuracy"
    assert curve_measure("val_loss") == "val_loss"


# Heat map


def test_every_cell_shows_its_value_without_colours():
    grid = _grid([[100, 400], [200, math.nan]], (("100", ">400"), ("200", "")),
                 np.array([[False, True], [False, False]]))  # fmt: skip
    text = as_text(draw_heat_map(grid, (1, 0), 60, 8, None))
    lines = text.splitlines()
    assert "c0" in lines[0] and "c1" in lines[0]
    assert ">400" in text and "> = not reached by then" in text and "· = no value" in text
    selected = next(line for line in lines if "[" in line)
    assert "r1" in selected and "200" in selected
    assert "░100" in text  # the lowest value has the lightest shade


def test_the_colour_scale_starts_and_ends_with_colours_of_the_theme():
    assert colour_of(0.0, DARK) == DARK.rgb("tile 1")
    assert colour_of(1.0, DARK) == DARK.rgb("tile 4")


def test_a_logarithmic_scale_has_the_geometric_mean_in_its_middle():
    grid = _grid([[10, 100, 1000]], (("10", "100", "1000"),), log=True)
    line = next(
        line for line in draw_heat_map(grid, (0, 0), 60, 4, DARK) if "100" in as_text([line])
    )
    grounds = [part.ground for part in line if part.ground]
    assert grounds == [colour_of(0, DARK), colour_of(0.5, DARK), colour_of(1, DARK)]


@pytest.mark.parametrize("width", [24, 38, 80])
@pytest.mark.parametrize("height", [3, 7, 20])
def test_the_selected_cell_is_always_visible_and_clicks_hit_the_drawn_cell(width, height):
    values = np.arange(1.0, 181.0).reshape(9, 20)
    grid = _grid(values, tuple(tuple(str(int(v)) for v in row) for row in values))
    for selected in ((0, 0), (8, 19), (4, 10)):
        lines = draw_heat_map(grid, selected, width, height, None)
        assert len(lines) <= height
        y = next(y for y, line in enumerate(lines) if "[" in as_text([line]))
        x = as_text([lines[y]]).index("[")
        where = heat_map_layout(grid, selected, width, height)
        assert where.cell_at(x, y) == selected
        assert where.cell_at(x, 0) is None


# Curves


def test_a_cell_is_drawn_as_thin_seeds_their_median_and_their_range(sweep):
    from memlab.record.history import History
    from memlab.tui.compare.curves import compared

    cell = next(c for c in Results(SweepProgress(sweep)).cells if len(c.outcomes) == 3)
    runs: list[Compared] = [
        compared(History(RunFolder(sweep.runs / o.state.member.run)), f"seed {o.seed}")
        for o in cell.outcomes
    ]
    chart = cell_chart(runs, "val_loss", dark=True)
    assert [s.name for s in chart.series] == ["seed 0", "seed 1", "seed 2", "median of 3"]
    every = np.array([s.y for s in chart.series[:3]])
    np.testing.assert_allclose(chart.series[3].y, np.median(every, axis=0))
    np.testing.assert_allclose(chart.bands[0].low, every.min(axis=0))
    np.testing.assert_allclose(chart.bands[0].high, every.max(axis=0))


# Screen


async def test_the_screen_shows_list_cells_map_and_curves(console, settle, sweep):
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        text = text_of(app)
        assert "decay and lr" in text and "12/12" in text and "100 %" in text
        assert "3/3  220 (200 to 240)" in text and "0/3  >400" in text
        assert "1/3  >400 (350 to >400)" in text
        assert "Budget 400 steps" in text and "grokked: val_accuracy>=0.99" in text
        assert "steps to grokked" in text and "x weight_decay" in text and "y lr" in text
        assert "median of 3" in text and "val_accuracy ▸ · linear y" in text


async def test_table_and_heat_map_select_the_same_cell_and_enter_compares_its_runs(
    console, settle, sweep
):
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        screen = app.screen
        await pilot.press("tab", "right", "down")
        await settle(app, pilot)
        cell = sweep.cells[screen.query_one(CellTable).cursor]
        assert (cell.at["optimizer.weight_decay"], cell.at["optimizer.lr"]) == (1.0, 0.01)
        assert screen.query_one(SweepMap).view_state.selected == (1, 1)
        members = {m.run for m in sweep.members if m.cell == cell.number}
        await pilot.press("enter")
        await settle(app, pilot)
        assert app.current_mode == "compare"
        assert set(app.screen.shown_runs()) == members


async def test_axes_and_measure_are_chosen_by_keys_and_stored(console, settle, sweep):
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        await pilot.press("down", "a", "m", "m")
        await settle(app, pilot)
        view = app.screen.query_one(SweepMap).view_state
        assert (view.selection.x, view.selection.y) == ("optimizer.lr", "optimizer.weight_decay")
        assert app.screen.query_one(CellCurves).measure_name == view.selection.measure
        word = view.selection.to_text()
    assert SweepSelection.read(word) == view.selection
    assert view.selection.valid_for(view.results) == view.selection


@pytest.mark.parametrize(
    "word", ["", "null", "[1]", "{", json.dumps({"cell": "x", "x": 3, "q": 1})]
)
def test_a_damaged_stored_selection_is_ignored(word):
    assert SweepSelection.read(word) == SweepSelection()


def test_a_selection_becomes_valid_for_its_sweep(made):
    results = Results(SweepProgress(made))
    odd = SweepSelection(made.id, 99, "model.d_model", "model.d_model", "nothing").valid_for(
        results
    )
    assert (odd.cell, odd.x, odd.y) == (0, "optimizer.weight_decay", "optimizer.lr")
    assert odd.measure == "grokked"


async def test_without_a_sweep_the_screen_explains_how_to_start_one(console, settle):
    for size in ((120, 40), (40, 10)):
        async with console(size=size, begin="runs") as (app, pilot):
            await pilot.press("6")
            await settle(app, pilot)
            text = text_of(app)
            assert "no sweeps here yet" in text
            await pilot.press("m", "a", "A", "enter", "tab", "s", "r", "P", "v")
            await settle(app, pilot)


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (80, 24)])
async def test_every_part_is_reachable_on_small_terminals(console, settle, sweep, size):
    async with console(size=size, begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        seen = set()
        for _ in range(4):
            seen.add(app.focused.id)
            assert app.focused.region.area > 0
            await pilot.press("tab")
            await settle(app, pilot)
        assert seen == {"sweeps", "cells", "map", "curves"}


async def test_the_notes_of_the_table_are_complete_in_the_full_view(console, settle, sweep):
    async with console(size=(80, 24), begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        assert "censored at their end" not in " ".join(text_of(app).split())
        await pilot.press("f")
        await settle(app, pilot)
        assert "censored at their end" in " ".join(text_of(app).split())


async def test_the_figure_of_the_map_and_the_curves_is_saved(console, settle, sweep, here):
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        await pilot.press("P")
        await settle(app, pilot)
    (path,) = here.glob("*.png")
    assert path.name.startswith(sweep.id)
    assert path.read_bytes().startswith(b"\x89PNG")


async def test_a_hostile_name_and_reason_are_shown_as_text(console, settle, here, tmp_path):
    runs = here / "runs"
    made = synthetic_sweep(runs, TWO_MEMBERS)
    from memlab.record import labels
    from memlab.record.labels import Labels

    labels.write(made.path, made.id, Labels(name=HOSTILE))
    plan = made.plan
    other = Sweep.create(runs, plan, "a copy whose members cannot begin")
    missing = other.members[0].run
    for path in (runs / missing,):
        path.rename(here / "elsewhere")
    for _ in range(2):
        other.report_problem(missing, HOSTILE)
    for size in ((160, 40), (40, 10)):
        async with console(size=size, begin="runs") as (app, pilot):
            await pilot.press("6")
            await settle(app, pilot)
            await pilot.press("shift+tab", "down")
            await settle(app, pilot)
            text = text_of(app)
            assert "\x1b" not in text and "\u202e" not in text and "\u200b" not in text
            if size[0] == 160:
                assert (
                    "[red]x[/] [@click=app.quit]q[/]" in text
                )  # the column has more than 26 cells


async def test_stopping_and_resuming_go_through_the_sweep_and_the_console(
    console, settle, here, monkeypatch
):
    made = synthetic_sweep(here / "runs", TWO_MEMBERS)
    (made.runs / made.members[1].run).rename(here / "gone")
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        resumed = []
        object.__setattr__(app.trainer, "resume_sweep", resumed.append)
        await pilot.press("6")
        await settle(app, pilot)
        await pilot.press("s")
        await settle(app, pilot)
        assert made.stopped
        await pilot.press("r")
        await settle(app, pilot)
        assert resumed == [made.path]


async def test_a_member_that_starts_is_shown(console, settle, here):
    made = synthetic_sweep(here / "runs", TWO_MEMBERS)
    gone = made.runs / made.members[1].run
    gone.rename(here / "gone")
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        assert "1/2" in text_of(app) and "○" in text_of(app)
        (here / "gone").rename(gone)
        app.screen._refresh()
        await settle(app, pilot)
        assert "2/2" in text_of(app) and "○" not in text_of(app)


# Reading the sweep


def test_a_settled_sweep_is_not_read_again(made, monkeypatch):
    reader = SweepReader(made.runs)
    rows, first = reader.read(None)
    assert [row.status for row in rows] == ["finished"]
    monkeypatch.setattr(SweepProgress, "read", lambda self: pytest.fail("read again"))
    _, second = reader.read(made.id)
    assert second is first


def test_a_damaged_sweep_is_listed_as_such(here):
    made = synthetic_sweep(here / "runs", TWO_MEMBERS)
    path = made.path / "sweep.json"
    path.write_bytes(path.read_bytes()[:-9])
    rows, selected = SweepReader(here / "runs").read(None)
    assert [row.status for row in rows] == ["damaged"] and selected is None


async def test_the_interface_responds_while_a_sweep_is_read(console, settle, sweep, monkeypatch):
    go_on, begun = threading.Event(), threading.Event()
    read = SweepReader.read

    def slow(self, wanted):
        begun.set()
        assert go_on.wait(30)
        return read(self, wanted)

    monkeypatch.setattr(SweepReader, "read", slow)
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        await pilot.press("6")
        await pilot.pause()
        assert begun.wait(30)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Sweeps" in text_of(app)
        await pilot.press("escape")
        go_on.set()
        await settle(app, pilot)
        assert len(app.screen.query_one(SweepList).rows) == 1


async def test_the_list_is_filtered_and_a_wrong_filter_is_explained(console, settle, sweep) -> None:
    async with console(size=(80, 24), begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        sweeps = app.screen.query_one(SweepList)
        await pilot.press("slash")
        for text, problem in (
            ("status:finsihed", "unknown status 'finsihed'"),
            ("lr<1", "unknown field 'lr'"),
            ("nothing", "no sweep passes"),
        ):
            app.screen.query_one(Input).value = text
            await pilot.press("enter")
            await pilot.pause()
            assert problem in text_of(app) and len(sweeps.rows) == 1
        app.screen.query_one(Input).value = "decay"
        await pilot.press("enter")
        await settle(app, pilot)
        assert sweeps.filter_text == "decay" and len(sweeps.rows) == 1
        assert "/decay" in text_of(app)

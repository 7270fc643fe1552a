"""The Compare screen: overlaid curves, table and keys."""

import threading
from contextlib import asynccontextmanager

import numpy as np
import pytest
from textual.events import MouseScrollUp

from memlab.record.events import Edited, Evaluated
from memlab.record.history import History
from memlab.record.settings_diff import settings_diff
from memlab.tui.compare.colours import DARK, Colours
from memlab.tui.compare.curves import (
    X_AXES,
    bands,
    by_seed,
    compared,
    measures,
    overlay,
)
from memlab.tui.compare.run_picker import RunPicker
from memlab.tui.live.frame import text_of
from memlab.tui.messages import CompareRuns

HOSTILE = "[red]x[/] [@click=app.quit]q[/] \x1b[31m\x1b]0;t\x07 \u202egnp\u200b" + "w" * 99


@pytest.fixture
def compare(make_run):
    def one(*changes: str, **how):
        folder = make_run(*changes, **how)
        return compared(History(folder), folder.labels().name)

    return one


def _colours(runs):
    return Colours().of([run.key for run in runs], dark=True)


@pytest.mark.parametrize("axis", X_AXES)
def test_a_curve_has_the_recorded_values(compare, axis) -> None:
    run = compare("training.batch_size=64")
    chart = overlay([run], _colours([run]), "val_loss", axis, None)
    judged = History(run_folder(run)).until().evaluations
    assert chart.series[0].y.tolist() == judged["val_loss"].tolist()
    assert np.all(np.diff(chart.series[0].x) >= 0)


def run_folder(run):
    from memlab.record.runs import list_runs

    return next(f for f in list_runs(_runs()) if f.path.name == run.key)


def _runs():
    from pathlib import Path

    return Path("runs")


def test_x_axes_have_the_stated_quantities(compare) -> None:
    run = compare("training.batch_size=64")
    steps = np.array([0.0, 100.0, 600.0])
    per_epoch = (23 * 23 // 2) // 64
    assert run.along("step", steps).tolist() == [0, 100, 600]
    assert run.along("epoch", steps).tolist() == [s / per_epoch for s in steps]
    assert run.along("steps since memorized", steps).tolist() == [-100, 0, 500]
    seconds = run.along("wall time", steps)
    assert 0 <= seconds[0] < seconds[1] < seconds[2]


def test_a_run_that_did_not_memorize_has_no_steps_since_memorized(compare) -> None:
    run = compare()
    without = compared(run_history(run), run.name)
    object.__setattr__(without, "view", run_history(run).until(50))
    assert (
        overlay([without], _colours([without]), "val_loss", "steps since memorized", None).series
        == ()
    )


def run_history(run) -> History:
    return History(run_folder(run))


def test_phases_become_rules_in_the_runs_colour(compare) -> None:
    runs = [compare(grokked=400), compare("optimizer.lr=0.01", grokked=200)]
    colours = _colours(runs)
    chart = overlay(runs, colours, "val_loss", "step", None)
    assert {(rule.x, rule.label) for rule in chart.rules} == {
        (100, "memorized"), (400, "grokked"), (200, "grokked"),
    }  # fmt: skip
    assert all(rule.colour in colours.values() for rule in chart.rules)


def test_focus_dims_all_others_and_draws_the_run_last(compare) -> None:
    runs = [compare(), compare("optimizer.lr=0.01")]
    colours = _colours(runs)
    chart = overlay(runs, colours, "val_loss", "step", runs[0].key)
    assert chart.series[-1].colour == colours[runs[0].key]
    assert chart.series[0].colour not in colours.values()


def test_the_run_in_focus_is_named_first_and_no_name_takes_the_whole_line(compare) -> None:
    runs = [compare(name=f"{i}" + "x" * 60) for i in range(3)]
    colours = _colours(runs)
    chart = overlay(runs, colours, "val_loss", "step", runs[0].key)
    assert [s.name[0] for s in chart.series if s.leads] == ["0"]
    assert max(len(s.name) for s in chart.series) <= 25


def test_only_seeds_are_grouped(compare) -> None:
    runs = [compare("training.seed=1"), compare("training.seed=2"), compare("optimizer.lr=0.01")]
    assert sorted(len(group) for group in by_seed(runs).values()) == [1, 2]


def test_seeds_become_median_and_band(compare) -> None:
    runs = [compare(f"training.seed={i}", grokked=g) for i, g in enumerate((200, 300, 400))]
    chart = bands(runs, _colours(runs), "val_loss", "step")
    values = np.array([run.measure("val_loss")[1] for run in runs])
    assert len(chart.series) == 1
    np.testing.assert_allclose(chart.series[0].y, np.median(values, axis=0))
    np.testing.assert_allclose(chart.bands[0].low, values.min(axis=0))
    np.testing.assert_allclose(chart.bands[0].high, values.max(axis=0))


def test_the_table_has_only_settings_that_differ(compare) -> None:
    runs = [compare(), compare("optimizer.lr=0.01"), compare("training.epochs=9")]
    keys = settings_diff((run.preset, run.settings) for run in runs)
    assert set(keys) == {"optimizer.lr", "training.steps", "training.epochs"}
    assert [run.settings["optimizer.lr"] for run in runs] == [0.001, 0.01, 0.001]


def test_losses_and_accuracies_come_first_among_the_measures(compare) -> None:
    assert measures([compare()])[:2] == ["val_loss", "train_loss"]
    assert measures([]) == []


def test_a_run_keeps_its_colour_when_others_are_added_or_removed() -> None:
    colours = Colours()
    first = colours.of(["a", "b", "c"], dark=True)
    assert len(set(first.values())) == 3
    second = colours.of(["d", "c", "b"], dark=True)
    assert (second["b"], second["c"]) == (first["b"], first["c"])
    assert second["d"] == first["a"]
    assert len(colours.of([str(i) for i in range(20)], dark=True)) == 20
    assert set(first.values()) <= set(DARK)


@pytest.fixture
def compare_screen(console, make_run):
    folders = [
        make_run(name="one"),
        make_run("training.seed=1", name="two [b]", grokked=200),
        make_run("optimizer.lr=0.01", name="three", grokked=9999),
    ]

    @asynccontextmanager
    async def opened(size=(120, 40)):
        async with console(size=size, first=CompareRuns(folders), begin="runs") as (app, pilot):
            yield app, pilot

    return opened


def _title(app) -> str:
    return app.screen.plot.title.plain


def _picture(app) -> str:
    plot = app.screen.plot
    lines = plot.render_lines(plot.size.region)
    return "\n".join(line.text for line in lines[plot.gutter.top :])


def _values(app) -> list[str]:
    """The column of values in the table."""
    table = app.screen.query_one("#compared")
    return [table._cells(row)[1].plain for row in range(table._rows)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_all_runs_are_in_chart_and_table(compare_screen, size) -> None:
    async with compare_screen(size) as (app, _):
        assert app.current_mode == "compare"
        assert "1 one" in _picture(app)
        assert "2 two [b]" in _picture(app)
        table = app.screen.query_one("#compared")
        text = "\n".join(table.render_line(y).text for y in range(table.size.height))
        assert "3 three" in text
        assert "seed" in text


async def test_keys_change_axis_measure_and_grouping(compare_screen) -> None:
    async with compare_screen() as (app, pilot):
        assert _title(app) == "val_loss ▸ · by step ▸ · log y · linear x"
        await pilot.press("a", "m", "y", "x")
        assert _title(app) == "train_loss ▸ · by epoch ▸ · linear y · log x"
        await pilot.press("s")
        assert "1 one (2 seeds)" in _picture(app)
        await pilot.press("s", "z", "down")
        assert "2 two [b]" in _picture(app)


async def test_the_declaration_of_a_measure_decides_its_axis(compare_screen, settle) -> None:
    async with compare_screen() as (app, pilot):
        declared = app.screen._compared[0].declared
        seen = {}
        for _ in range(6):
            seen[app.screen._measure] = "log" if " · log y · " in _title(app) else "linear"
            await pilot.press("m")
            await settle(app, pilot)
        assert seen == {name: declared[name].scale for name in seen}
        assert set(seen.values()) == {"log", "linear"}


async def test_zoom_and_pan_as_in_live(compare_screen) -> None:
    async with compare_screen() as (app, pilot):
        await pilot.press("plus")
        assert "step 150 to 450" in _title(app)
        await pilot.press("right")
        assert "step 225 to 525" in _title(app)
        await pilot.press("left", "minus")
        assert app.screen.viewport.window is None
        await pilot.press("plus", "0")
        assert app.screen.viewport.window is None
        await pilot.press("right")
        assert app.screen.viewport.window is None


async def test_arrow_keys_move_between_rows_again_after_the_cursor_is_removed(
    compare_screen,
) -> None:
    async with compare_screen() as (app, pilot):
        table = app.screen.query_one("#compared")
        for begin, end in (("v", "escape"), ("v", "v"), ("plus", "0")):
            before = table.cursor
            await pilot.press(begin)
            assert app.screen.plot.has_focus
            await pilot.press(end, "down")
            assert table.has_focus and table.cursor == (before + 1)
            await pilot.press("up")


@pytest.mark.parametrize("axis", range(len(X_AXES)))
async def test_the_cursor_reads_every_runs_value_on_every_axis(compare_screen, axis) -> None:
    async with compare_screen() as (app, pilot):
        await pilot.press(*"a" * axis)
        await pilot.press("v", *["left"] * 8)
        reading, screen = app.screen.viewport.reading, app.screen
        assert f"values at {reading:,.6g}" in _title(app)
        expected = []
        for run in screen._compared:
            steps, values = run.measure("val_loss")
            x = run.along(X_AXES[axis], steps)
            near = min(range(len(x)), key=lambda i: abs(x[i] - reading))
            expected.append(f"{values[near]:.4g}")
        assert _values(app) == expected
        await pilot.press("escape")
        assert app.screen.viewport.reading is None
        last = [f"{run.measure('val_loss')[1][-1]:.4g}" for run in screen._compared]
        assert _values(app) == last != expected


async def test_the_number_of_runs_without_a_curve_is_shown(console, make_run, settle) -> None:
    async with console(begin="runs") as (app, pilot):
        runs = [make_run(name="one"), make_run(name="two")]
        app.post_message(CompareRuns(runs))
        await settle(app, pilot)
        run = app.screen._compared[1]
        object.__setattr__(run, "view", run_history(run).until(50))
        await pilot.press("a", "a", "a")
        assert "by steps since memorized ▸ · log y · linear x · 1 run not shown" in _title(app)
        await pilot.press("a")
        assert "not shown" not in _title(app)


async def test_a_run_has_no_value_after_its_end(console, make_run, settle) -> None:
    async with console(begin="runs") as (app, pilot):
        runs = [make_run(name="long"), make_run("training.batch_size=64", name="short")]
        app.post_message(CompareRuns(runs))
        await settle(app, pilot)
        await pilot.press("a", "v")
        assert "values at 600" in _title(app)
        assert "▬ 1 long 0.0209  ▬ 2 short –" in _picture(app)
        assert _values(app) == ["0.02089", "–"]


async def test_the_mouse_points_and_turns_as_in_live(compare_screen) -> None:
    async with compare_screen() as (app, pilot):
        await pilot.click("#overlay", offset=(42, 10))
        assert 200 < app.screen.viewport.reading < 400
        event = MouseScrollUp(app.screen.plot, 60, 10, 0, -1, 0, False, False, False, 60, 12)
        app.screen.plot.post_message(event)
        await pilot.pause()
        low, high = app.screen.viewport.span(app.screen.extent)
        assert high - low == pytest.approx(480)


async def test_another_axis_is_shown_in_full(compare_screen) -> None:
    async with compare_screen() as (app, pilot):
        await pilot.press("v", "plus", "a")
        assert app.screen.viewport.window is None and app.screen.viewport.reading is None


async def test_the_chart_can_be_maximized_and_restored(compare_screen) -> None:
    async with compare_screen() as (app, pilot):
        before = app.screen.plot.size
        await pilot.press("f")
        await pilot.pause()
        assert app.screen.plot.size.height > before.height
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.plot.size == before


async def test_a_run_can_be_removed_or_opened(compare_screen, settle) -> None:
    async with compare_screen() as (app, pilot):
        await pilot.press("space")
        app.screen._refresh_runs()
        await settle(app, pilot)
        assert [run.name for run in app.screen._compared] == ["2 two [b]", "3 three"]
        await pilot.press("enter")
        await settle(app, pilot)
        assert app.current_mode == "replay"
        assert app.shown.labels().name == "two [b]"


async def test_one_reader_at_a_time_and_the_last_selection_is_shown(
    console, make_run, settle, monkeypatch
) -> None:
    go, reads = threading.Event(), []

    def slow(folder) -> History:
        reads.append(folder.labels().name)
        go.wait(30)
        return History(folder)

    monkeypatch.setattr("memlab.tui.compare.run_reader.History", slow)
    first, second = make_run(name="first"), make_run(name="second")
    async with console(begin="runs") as (app, pilot):
        app.post_message(CompareRuns([first]))
        while not reads:
            await pilot.pause(0.01)
        app.screen._refresh_runs()
        app.post_message(CompareRuns([second]))
        await pilot.pause()
        app.screen._refresh_runs()
        await pilot.pause()
        assert reads == ["first"]
        go.set()
        await settle(app, pilot)
        assert [run.name for run in app.screen._compared] == ["1 second"]
        assert reads == ["first", "second"]


async def test_an_outdated_selection_is_not_shown(console, make_run, settle) -> None:
    first, second = make_run(name="first"), make_run(name="second")
    async with console(begin="runs") as (app, pilot):
        app.post_message(CompareRuns([first]))
        await settle(app, pilot)
        late = app.screen.RunsRead(app.screen._compared)
        app.post_message(CompareRuns([second]))
        await settle(app, pilot)
        app.screen.post_message(late)
        await settle(app, pilot)
        assert [run.name for run in app.screen._compared] == ["1 second"]


async def test_changed_runs_are_updated_and_unchanged_ones_stay_the_same_object(
    console, make_run, settle
) -> None:
    old, growing = make_run(name="old"), make_run(name="growing", reason=None)
    async with console(begin="runs") as (app, pilot):
        app.post_message(CompareRuns([old, growing]))
        await settle(app, pilot)
        shown = app.screen._compared
        app.screen._refresh_runs()
        await settle(app, pilot)
        assert app.screen._compared is shown
        with growing.claim({}, seq=99, first_step=601, take_over=True) as writer:
            writer.write(Evaluated(step=620, values={"val_loss": 0.25}))
            app.screen._refresh_runs()
            await settle(app, pilot)
        assert app.screen._compared[0] is shown[0]
        assert _values(app)[1] == "0.25"


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40)])
async def test_without_runs_it_says_how_to_make_one(console, settle, size) -> None:
    async with console(size=size, begin="runs") as (app, pilot):
        await pilot.press("4")
        await settle(app, pilot)
        assert "no runs yet" in text_of(app) and "memlab run quickstart" in text_of(app)
        await pilot.press("x", "a", "m", "s", "z", "space", "v", "plus", "left", "0", "enter")
        assert app.current_mode == "compare"


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40)])
async def test_an_empty_comparison_says_which_key_adds_a_run(
    console, make_run, settle, size
) -> None:
    make_run(name="only")
    async with console(size=size, begin="runs") as (app, pilot):
        await pilot.press("4")
        await settle(app, pilot)
        assert app.screen.query_one(RunPicker).has_focus
        text = text_of(app)
        assert "only" in text and "space adds" in text and "no data yet" not in text
        await pilot.press("l", "space")  # `l` must not hide the list here
        await settle(app, pilot)
        assert "no runs are compared yet" not in text_of(app)
        assert [run.name for run in app.screen._compared] == ["1 only"]
        assert app.screen.query_one(RunPicker).display
        assert app.screen.query_one(RunPicker).has_focus  # so that the next run can be added


async def test_the_list_is_filtered_and_a_wrong_filter_is_explained_and_refused(
    console, make_run, settle
) -> None:
    make_run(name="first", grokked=400)
    make_run(name="second", grokked=200)
    async with console(size=(80, 24), begin="runs") as (app, pilot):
        await pilot.press("4")
        await settle(app, pilot)
        await pilot.press("slash", *"grokked<x")
        await settle(app, pilot)
        assert "grokked< needs a number" in text_of(app)
        await pilot.press("enter")
        await settle(app, pilot)
        assert "grokked< needs a number" in text_of(app)  # the filter stays open
        await pilot.press("backspace", *"300", "enter")
        await settle(app, pilot)
        picker = app.screen.query_one(RunPicker)
        assert [run.name for run in picker._offered] == ["second"]
        assert "/grokked<300" in text_of(app)


async def test_without_colours_the_table_has_the_glyphs_of_the_curves(
    compare_screen, monkeypatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with compare_screen((80, 24)) as (app, _):
        table = app.screen.query_one("#compared")
        signs = [table._cells(row)[0].plain[0] for row in range(3)]
        assert signs == ["▬", "●", "×"]
        picture = _picture(app)
        assert all(f"{sign} {i + 1} " in picture for i, sign in enumerate(signs))


async def test_names_of_members_differ_in_legend_and_table(console, make_run, settle) -> None:
    name = "fraction-by-decay train_fraction=0.4 weight_decay=1.0 seed "
    runs = [make_run(f"training.seed={i}", name=f"{name}{i}") for i in range(3)]
    async with console(size=(80, 24), first=CompareRuns(runs), begin="runs") as (app, pilot):
        await settle(app, pilot)
        table = app.screen.query_one("#compared")
        rows = "\n".join(table.render_line(y).text for y in range(table.size.height))
        for i in range(3):
            assert f"{i + 1} … seed {i}" in [
                s.name for s in app.screen.plot.view_state.chart.series
            ]
            assert f"seed {i}" in rows


async def test_an_empty_comparison_offers_the_newest_runs(console, make_run, settle) -> None:
    for name in ("first", "second", HOSTILE):
        make_run(name=name)
    async with console(begin="runs") as (app, pilot):
        await pilot.press("4")
        await settle(app, pilot)
        picker = app.screen.query_one(RunPicker)
        assert picker.has_focus and picker.size.width > 20
        text = text_of(app)
        assert "first" in text and "second" in text and "[red]x[/]" in text
        assert not set("\x1b\x07\x00\u202e") & set(text)


async def test_space_in_the_list_of_runs_adds_a_curve_and_removes_it(
    console, make_run, settle
) -> None:
    runs = [make_run(name=name) for name in ("first", "second")]
    async with console(begin="runs") as (app, pilot):
        await pilot.press("4")
        await settle(app, pilot)
        for expected in ([1], [1, 0], [0]):
            await pilot.press("space")
            await settle(app, pilot)
            shown = [run.key for run in app.screen._compared]
            assert shown == [runs[i].path.name for i in expected]
            assert [s.name[2:] for s in app.screen.plot.view_state.chart.series] == [
                ["first", "second"][i] for i in expected
            ]
            if len(expected) == 2:  # space moves down, here from the last row
                await pilot.press("up")
            await settle(app, pilot)


async def test_the_list_of_runs_is_shown_and_hidden_by_its_key(console, make_run, settle) -> None:
    folder = make_run()
    for size, before in (((80, 24), False), ((140, 40), True)):
        async with console(size=size, begin="runs") as (app, pilot):
            app.post_message(CompareRuns([folder]))
            await settle(app, pilot)
            assert app.screen.query_one(RunPicker).display is before
            await pilot.press("l")
            await settle(app, pilot)
            assert app.screen.query_one(RunPicker).display is not before


def test_runs_are_compared_by_their_settings_after_edits(make_run) -> None:
    folder = make_run(reason=None)
    writer = folder.claim({"device": "cpu"}, seq=99, first_step=601, take_over=True)
    writer.write(Edited(step=600, changes={"training.epochs": 9, "optimizer.lr": 0.5}))
    run = compared(History(folder), "edited")
    assert run.settings["optimizer.lr"] == 0.5
    assert (run.settings["training.steps"], run.settings["training.epochs"]) == (None, 9)

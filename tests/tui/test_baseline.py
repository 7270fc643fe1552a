"""The pinned baseline run."""

import shutil

import numpy as np
import pytest

from memlab.charts import Chart, Series, as_text, draw
from memlab.record.history import History
from memlab.record.runs import delete
from memlab.tui.baseline import FILE, BaselineFile, BaselineRun
from memlab.tui.console_state import ConsoleState
from memlab.tui.live.frame import text_of
from memlab.tui.messages import CompareRuns, OpenRun

HOSTILE = "[red]x[/] \x1b[31m\u202egnp\u200b"


def test_the_curves_equal_those_of_the_run_before_and_after_storing(make_run):
    folder = make_run()
    made = BaselineRun.of(folder)
    view = History(folder).until()
    for name in ("val_loss", "train_accuracy"):
        curve = made.curve([name])
        assert curve.x.tolist() == view.evaluations["step"].tolist()
        assert curve.y.tolist() == view.evaluations[name].tolist()
    stored = BaselineRun.from_bytes(made.to_bytes())
    assert (stored.key, stored.name) == (made.key, made.name)
    for name in ("val_loss", "grad_norm"):
        before, after = made.curve([name]), stored.curve([name])
        assert before.x.tolist() == after.x.tolist() and before.y.tolist() == after.y.tolist()
    since = stored.curve(["val_loss"], "steps since memorized")
    assert since.x.tolist() == [x - 100 for x in stored.curve(["val_loss"]).x]


def test_the_extremes_of_a_column_are_kept(make_run):
    folder = make_run()
    steps, rows = History(folder).until().steps.read(0, 600)
    curve = BaselineRun.of(folder).curve(["loss"])
    assert (curve.y.min(), curve.y.max()) == (rows[:, 0].min(), rows[:, 0].max())
    assert len(steps) == 600


def test_the_first_measure_that_the_run_has_is_taken(make_run):
    made = BaselineRun.of(make_run())
    assert made.curve(["nothing", "train_loss"]).y.tolist() == made.curve(["train_loss"]).y.tolist()
    assert made.curve(["nothing"]) is None


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 not an archive", b"\x00" * 100])
def test_a_damaged_file_is_no_baseline(tmp_path, data):
    (tmp_path / FILE).write_bytes(data)
    assert BaselineFile(tmp_path).read() is None


def test_without_colour_the_baseline_is_dotted_and_the_first_curve_unchanged():
    x = np.arange(50.0)
    base = Series("baseline b", x, np.full(50, 1.0), "baseline")
    own = Series("train", x, np.full(50, 2.0), "train")
    alone = as_text(draw(Chart(series=(own,)), 60, 12, colour=False))
    both = as_text(draw(Chart(series=(base, own)), 60, 12, colour=False))
    braille = {c for c in alone if "\u2801" <= c <= "\u28ff"}
    assert braille and braille <= set(both)
    assert "· baseline b" in both and "▬ train" in both


async def test_a_run_pinned_in_replay_is_drawn_in_other_charts_and_can_be_unpinned(
    console, settle, make_run
):
    first, second = make_run(name="reference"), make_run("optimizer.lr=0.01", name="other")
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        app.post_message(OpenRun(first))
        await settle(app, pilot)
        await pilot.press("b")
        await settle(app, pilot)
        assert app.baseline.key == first.path.name
        assert "baseline reference" not in text_of(app).replace("baseline: reference", "")
        app.post_message(OpenRun(second))
        await settle(app, pilot)
        assert "baseline reference" in text_of(app)
        app.post_message(CompareRuns([second]))
        await settle(app, pilot)
        assert "baseline reference" in text_of(app)
        await pilot.press("3")
        await settle(app, pilot)
        table = app.screen.query_one("Table")
        names = [entry.name for entry in app.screen._listing.shown]
        table.cursor = names.index("reference")
        await pilot.press("b")
        await settle(app, pilot)
        assert app.baseline is None
        await pilot.press("5")
        await settle(app, pilot)
        assert "baseline reference" not in text_of(app)


async def test_the_baseline_is_stored_and_outlives_its_run(console, settle, make_run, tmp_path):
    folder, other = make_run(name=HOSTILE), make_run(name="other")
    state = ConsoleState(tmp_path / "state" / "console.json")
    async with console(size=(120, 40), state=state, begin="runs") as (app, pilot):
        app.post_message(OpenRun(folder))
        await settle(app, pilot)
        await pilot.press("b")
        await settle(app, pilot)
    delete(folder)
    async with console(size=(120, 40), state=state, begin="runs") as (app, pilot):
        app.post_message(OpenRun(other))
        await settle(app, pilot)
        text = text_of(app)
        assert "baseline [red]" in text
        assert "\x1b" not in text and "\u202e" not in text
        shutil.rmtree(tmp_path / "state")
        app.post_message(CompareRuns([other]))
        await settle(app, pilot)
        assert "baseline [red]" in text_of(app)

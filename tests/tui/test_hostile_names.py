"""Names from files stay text on the screens of many runs: Runs, Compare, Sweeps, Lab, help."""

import json
from dataclasses import replace

import pytest
from textual.widgets import Input

from memlab.record.events import Evaluated
from memlab.sweeps.plan import SweepAxis
from memlab.sweeps.sweep import Sweep
from memlab.tui.compare.run_picker import RunPicker
from memlab.tui.help import Help
from memlab.tui.lab.presets import Presets
from memlab.tui.messages import CompareRuns
from memlab.tui.plots.panel import Panel

from ..figures.synthetic import synthetic_sweep
from .hostile import HARMLESS, NAMES, assert_harmless

SIZES = pytest.mark.parametrize(
    "size", [(60, 16), pytest.param((120, 40), marks=pytest.mark.slow)], ids=["60x16", "120x40"]
)


def shown(app) -> str:
    """The screen as text; also checks that no title of a panel was parsed as markup."""
    for panel in app.screen.query(Panel):
        assert not any("red" in str(span.style) for span in panel.title.spans)
    return assert_harmless(app)


@pytest.fixture
def hostile_runs(make_run):
    """One run per name; the name is also a value of a setting and the name of a measure."""
    runs = []
    for name in (*NAMES.values(), HARMLESS):
        folder = make_run(name=name, reason=None)
        with folder.claim({}, seq=99, first_step=601, take_over=True) as writer:
            writer.write(Evaluated(step=620, values={"val_loss": 0.25, name: 0.5}))
        folder.description["preset"]["task"]["operation"] = name
        runs.append(folder)
    return runs


@SIZES
async def test_runs_and_compare_show_names_as_text(console, settle, hostile_runs, size) -> None:
    async with console(size=size, begin="runs") as (app, pilot):
        await settle(app, pilot)
        assert HARMLESS in shown(app)
        await pilot.press("4")
        await settle(app, pilot)
        assert len(app.screen.query_one(RunPicker)._offered) == len(hostile_runs)
        assert HARMLESS in shown(app)
        app.post_message(CompareRuns(hostile_runs[::-1]))
        await settle(app, pilot)
        table = app.screen.query_one("#compared")
        assert len(app.screen._compared) == len(hostile_runs)
        for _ in range(3):
            shown(app)
            await pilot.press("m", "down", "down", "down")
            table.action_scroll(12)
            await pilot.pause()
        await pilot.press("s")
        await pilot.pause()
        shown(app)
        await pilot.press("slash", *"name:[red]", "enter")
        await settle(app, pilot)
        shown(app)


async def test_sweeps_show_names_as_text(console, settle, here, hostile_sweeps) -> None:
    async with console(size=(120, 40), begin="runs") as (app, pilot):
        await pilot.press("6")
        await settle(app, pilot)
        for name in reversed(NAMES.values()):
            assert app.screen._selected.results.sweep.plan.name == name
            shown(app)
            await pilot.press("m", "A")
            await pilot.pause()
            shown(app)
            await pilot.press("right_square_bracket")
            await app.workers.wait_for_complete()
            await pilot.pause()


@pytest.fixture
def hostile_sweeps(here):
    """One sweep per name; the name is also that of its axes and their values."""
    runs = here / "runs"
    made = synthetic_sweep(runs, {(0.0, 1e-3): [200], (1.0, 1e-3): [None]})

    for name in NAMES.values():
        key = f"task.{name}"
        values = (name, f"{name} 2")
        axes = (SweepAxis(key, (key,), values), SweepAxis("variant", ("variant",), values))
        at = [{key: value, "variant": value} for value in values]
        cells = [replace(c, at=a, settings=a) for c, a in zip(made.plan.cells, at, strict=True)]
        plan = replace(made.plan, name=name, base=name, axes=axes, cells=tuple(cells))
        Sweep.create(runs, plan, "made up")


async def test_the_lab_shows_descriptions_and_claims_as_text(console, settle, here) -> None:
    for i, name in enumerate(NAMES.values()):
        text = json.dumps(name)
        claim = f"{{measure: val_accuracy, at_least: 0.9, at_end: true, reported: {text}, source: {text}}}"
        (here / "presets" / "mine" / f"{i:02}.yaml").write_text(
            f"extends: quickstart\nname: {i:02}\nabout: {text}\nclaims: [{claim}]\n"
        )
    async with console(size=(120, 40)) as (app, pilot):
        await pilot.press("slash", *"mine/", "enter")
        for i in range(len(NAMES)):
            await settle(app, pilot)
            assert app.screen.query_one(Presets).name_at_cursor == f"{i:02}"
            shown(app)
            await pilot.press("down")


async def test_a_search_in_the_help_shows_what_was_typed_as_text(console, settle) -> None:
    async with console(size=(80, 24), begin="runs") as (app, pilot):
        await pilot.press("question_mark")
        for name in NAMES.values():
            assert isinstance(app.screen, Help)
            app.screen.query_one(Input).value = name
            await pilot.pause()
            assert app.screen.query_one("#keys").render().plain == "no key matches"

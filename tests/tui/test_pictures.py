"""Pictures of every screen at two sizes, with synthetic presets and runs."""

import pytest
from textual.widgets import Input

from memlab.tui.app import Memlab
from memlab.tui.messages import CompareRuns
from memlab.tui.runs.columns import SIGNS
from memlab.tui.training_functions import TrainingFunctions

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture
def picture(snap_compare, here, settle, monkeypatch):
    """Compares the screen after some steps with the stored picture."""
    monkeypatch.setattr("textual.widgets._input.Input.cursor_blink", False, raising=False)

    def compare(size, steps) -> bool:
        app = Memlab(
            here / "runs",
            TrainingFunctions(lambda f, interrupted: None, lambda f: None, lambda p: 0.01),
        )

        async def run(pilot) -> None:
            await settle(app, pilot)
            await steps(app, pilot)
            await settle(app, pilot)

        return snap_compare(app, terminal_size=size, run_before=run)

    return compare


@pytest.fixture
def three_runs(make_run):
    folders = [
        make_run(name="quickstart"),
        make_run("optimizer.lr=0.01", name="quickstart lr=0.01", grokked=200),
        make_run("training.seed=1", name="[b]odd[/b] \x1b[31m", grokked=9999, reason="diverged"),
    ]
    folders[1].set_labels(tags=["paper", "figure 2"], note="generalizes twice as fast")
    return folders


@SIZES
def test_lab(picture, size) -> None:
    async def steps(app, pilot) -> None:
        pass

    assert picture(size, steps)


@SIZES
def test_lab_with_a_change_and_a_mistake(picture, settle, size) -> None:
    async def steps(app, pilot) -> None:
        form = app.screen.query_one("SettingsForm")
        for key, text in (("model.n_layers", "2"), ("optimizer.lr", "-1")):
            form.enter(key)
            await pilot.pause()
            await pilot.press(*text)
            await settle(app, pilot)
        form.query_one(Input).cursor_blink = False

    assert picture(size, steps)


@SIZES
def test_runs(picture, three_runs, settle, size) -> None:
    async def steps(app, pilot) -> None:
        await pilot.press("3")
        await settle(app, pilot)
        await pilot.press("space")

    assert picture(size, steps)


@SIZES
def test_compare(picture, three_runs, size) -> None:
    async def steps(app, pilot) -> None:
        app.post_message(CompareRuns(three_runs))

    assert picture(size, steps)


@SIZES
def test_compare_seeds(picture, make_run, settle, size) -> None:
    async def steps(app, pilot) -> None:
        app.post_message(
            CompareRuns([make_run(f"training.seed={i}", grokked=200 + 100 * i) for i in range(3)])
        )
        await settle(app, pilot)
        await pilot.press("s")

    assert picture(size, steps)


@SIZES
def test_help(picture, size) -> None:
    async def steps(app, pilot) -> None:
        await pilot.press("3", "question_mark")

    assert picture(size, steps)


def test_every_status_has_a_distinct_sign_without_colour() -> None:
    signs = [sign for status, (sign, _) in SIGNS.items() if status not in ("stopped",)]
    assert len(set(signs)) == len(signs)

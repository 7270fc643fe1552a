"""Navigation, training, quitting."""

import subprocess
import sys
import threading

import pytest
from textual.widgets import Button, Static

from memlab.errors import RunError
from memlab.record.events import Ended
from memlab.record.runs import delete
from memlab.record.status import Status
from memlab.tui.live.frame import text_of
from memlab.tui.messages import OpenRun
from memlab.tui.training_queue import TrainingQueue


async def test_number_keys_and_tabs_go_to_the_screens(console, make_run, settle) -> None:
    make_run()
    async with console() as (app, pilot):
        for key, mode in (("3", "runs"), ("4", "compare"), ("5", "replay"), ("1", "lab")):
            await pilot.press(key)
            await settle(app, pilot)
            assert app.current_mode == mode
        await pilot.click("Bar", offset=(26, 0))
        await settle(app, pilot)
        assert app.current_mode == "runs"


async def test_live_without_a_run_shows_a_message(console, settle) -> None:
    async with console() as (app, pilot):
        await pilot.press("2", "5")
        await settle(app, pilot)
        assert app.current_mode == "lab"


async def test_a_failure_to_save_a_picture_is_reported(console, here, monkeypatch) -> None:
    async with console(begin="runs") as (app, pilot):
        await pilot.press("ctrl+s")
        assert len(list(here.glob("*.svg"))) == 1
        gone = here / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        await pilot.press("ctrl+s")
        messages = [one.message for one in app._notifications]
        assert messages[0].startswith("saved ")
        assert messages[1].startswith("not saved: ")


async def test_the_console_opens_on_a_run_at_a_step(console, make_run, settle) -> None:
    folder = make_run()
    async with console(first=OpenRun(folder, 100), begin="runs") as (app, _pilot):
        assert app.current_mode == "replay"
        assert app.shown.path == folder.path


async def test_another_run_replaces_the_one_shown(console, make_run, settle) -> None:
    first, second = make_run(name="first"), make_run(name="second")
    async with console(begin="runs") as (app, pilot):
        for folder in (first, second, first):
            app.post_message(OpenRun(folder))
            await settle(app, pilot)
            assert app.shown.path == folder.path


async def test_a_run_started_here_is_shown_live(console, settle, trained) -> None:
    go = threading.Event()
    trained.work = lambda folder: go.wait(30)
    async with console() as (app, pilot):
        await pilot.press("s")
        await settle(app, pilot)
        assert app.current_mode == "live"
        assert app.training.current is trained.trained[0]
        go.set()


async def test_further_runs_wait_for_the_first(console, settle, trained) -> None:
    gates = [threading.Event(), threading.Event()]
    trained.work = lambda folder: gates[len(trained.trained) - 1].wait(30)
    async with console() as (app, pilot):
        await pilot.press("s")
        await settle(app, pilot)
        await pilot.press("1", "ctrl+t")
        await settle(app, pilot)
        assert len(trained.trained) == 1
        assert len(app.training.waiting) == 1
        assert app.training.waiting[0].status() == Status.QUEUED
        gates[0].set()
        while len(trained.trained) < 2:
            await pilot.pause(0.01)
        await settle(app, pilot)
        assert app.current_mode == "lab"
        await pilot.press("2")
        await settle(app, pilot)
        assert app.shown.path == trained.trained[1].path
        gates[1].set()


@pytest.mark.parametrize(
    ("problem", "included", "excluded"),
    [
        (ZeroDivisionError("boom [b]"), ["Traceback", "boom [b]"], []),
        (RunError("cannot", hint="do this"), ["cannot", "do this"], ["Traceback"]),
        (
            PermissionError(13, "Permission denied", "runs"),
            ["Permission denied: 'runs'"],
            ["Traceback"],
        ),
    ],
)
async def test_a_crash_of_training_is_shown_and_the_console_keeps_running(
    console, settle, trained, problem, included, excluded
) -> None:
    def crash(folder) -> None:
        raise problem

    trained.work = crash
    async with console() as (app, pilot):
        await pilot.press("s")
        while not app.screen.query(".dialog"):
            await pilot.pause(0.01)
        await settle(app, pilot)
        text = "\n".join(str(static.content) for static in app.screen.query(Static))
        assert all(part in text for part in included)
        assert not any(part in text for part in excluded)
        await pilot.press("escape", "3")
        await settle(app, pilot)
        assert app.current_mode == "runs"
        assert app.training.current is None


async def test_quitting_without_a_live_run_does_not_ask(console) -> None:
    async with console(begin="runs") as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert app._exit


async def _quit(app, pilot, settle, answer: str) -> None:
    await pilot.press("s")
    await settle(app, pilot)
    await pilot.press("q")
    await pilot.pause()
    button = next(b for b in app.screen.query(Button) if b.name == answer)
    button.press()
    await pilot.pause()


@pytest.fixture
def stoppable(trained):
    """Training that runs until it is interrupted or this event is set."""
    go = threading.Event()

    def work(folder) -> None:
        interrupted = trained.interrupted
        with folder.claim({"device": "cpu"}, seq=0, first_step=1) as writer:
            while not interrupted() and not (go.is_set() and folder is trained.trained[0]):
                go.wait(0.005)
            reason = "interrupted" if interrupted() else "finished"
            writer.write(Ended(step=0, reason=reason))
            writer.end(reason, 0, {})

    trained.work = work
    return go


async def test_quitting_can_be_cancelled(console, settle, stoppable, trained) -> None:
    async with console() as (app, pilot):
        await _quit(app, pilot, settle, "stay")
        assert not app._exit
        assert app.training.current is trained.trained[0]
        stoppable.set()


@pytest.mark.parametrize(("answer", "detached"), [("stop", 0), ("keep", 1)])
async def test_on_quit_the_run_can_be_stopped_or_detached(
    console, settle, stoppable, trained, answer, detached
) -> None:
    async with console() as (app, pilot):
        await _quit(app, pilot, settle, answer)
        while not app._exit:
            await pilot.pause(0.01)
        assert trained.trained[0].status() == Status.INTERRUPTED
        assert len(trained.detached) == detached


@pytest.mark.parametrize("answer", ["stop", "keep"])
async def test_a_run_that_starts_during_the_question_is_saved_too(
    console, settle, stoppable, trained, answer
) -> None:
    async with console() as (app, pilot):
        for _ in range(3):
            await pilot.press("1", "ctrl+t")
            await settle(app, pilot)
        await app.action_quit()
        await pilot.pause()
        question = str(app.screen.query(Static).first().content)
        assert "2 more will stay in the queue" in question and "memlab resume" in question
        first, second = app.training.current, app.training.waiting[0]
        third = app.training.waiting[1]
        stoppable.set()
        while app.training.current is not second:
            await pilot.pause(0.01)
        next(b for b in app.screen.query(Button) if b.name == answer).press()
        while not app._exit:
            await pilot.pause(0.01)
        statuses = [folder.status() for folder in (first, second, third)]
        assert statuses == [Status.FINISHED, Status.INTERRUPTED, Status.QUEUED]
        assert trained.detached == ([second] if answer == "keep" else [])


async def test_a_run_that_finished_during_the_question_is_not_resumed(
    console, settle, stoppable, trained
) -> None:
    async with console() as (app, pilot):
        await pilot.press("s")
        await settle(app, pilot)
        await pilot.press("q")
        await pilot.pause()
        stoppable.set()
        while app.training.current is not None:
            await pilot.pause(0.01)
        app.screen.query(Button).first().press()
        while not app._exit:
            await pilot.pause(0.01)
        assert trained.detached == []


async def test_if_the_run_cannot_be_saved_the_console_reports_it_and_stays_open(
    console, settle, trained
) -> None:
    full = RunError("the disk is full", hint="make room")

    def work(folder) -> None:
        interrupted = trained.interrupted
        with folder.claim({"device": "cpu"}, seq=0, first_step=1):
            while not interrupted():
                threading.Event().wait(0.005)
            raise full

    trained.work = work
    async with console() as (app, pilot):
        await _quit(app, pilot, settle, "keep")
        while app.training.current is not None:
            await pilot.pause(0.01)
        await settle(app, pilot)
        await app.workers.wait_for_complete()
        assert not app._exit and not trained.detached
        text = "\n".join(str(static.content) for static in app.screen.query(Static))
        assert "the disk is full" in text and "make room" in text
        await pilot.press("escape", "q")
        await pilot.pause()
        assert app._exit


async def test_repeated_quit_keys_ask_once(console, settle, stoppable) -> None:
    async with console() as (app, pilot):
        await pilot.press("s")
        await settle(app, pilot)
        await pilot.press("ctrl+q", "ctrl+q")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert not app.screen.query(Button)
        assert app.training.current is not None
        stoppable.set()


async def test_without_a_trainer_runs_are_only_shown(here, settle) -> None:
    from memlab.tui.app import Memlab

    app = Memlab(here / "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        await pilot.press("s", "m")
        await settle(app, pilot)
        assert app.current_mode == "lab"
        assert not (here / "runs").exists()


async def test_the_palette_lists_presets_runs_and_keys(console, make_run, settle) -> None:
    make_run(name="my own [run]")
    async with console() as (app, _pilot):
        from memlab.tui.palette import PresetsAndRuns

        provider = PresetsAndRuns(app.screen)
        await provider.startup()
        for sought in ("quick", "own [run]"):
            assert [hit async for hit in provider.search(sought)]
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Lab: start" in titles
        assert "Everywhere: quit" in titles


def test_runs_train_one_after_the_other_even_after_failures(make_run) -> None:
    runs = [make_run(name=str(i)) for i in range(3)]
    done = threading.Event()
    ended: list[tuple[str, bool]] = []

    def train(folder, interrupted) -> None:
        if folder is runs[1]:
            raise ValueError("no")

    def end(folder, problem) -> None:
        ended.append((folder.labels().name, problem is not None))
        training.start_next()
        if len(ended) == 3:
            done.set()

    training = TrainingQueue(train, end)
    for run in runs:
        training.submit(run)
    assert done.wait(30)
    assert ended == [("0", False), ("1", True), ("2", False)]
    assert training.current is None


def test_a_run_that_was_deleted_while_it_waited_does_not_train(make_run) -> None:
    runs = [make_run(name=str(i)) for i in range(3)]
    training = TrainingQueue(lambda folder, interrupted: None, lambda folder, problem: None)
    for run in runs:
        training.submit(run)
    delete(runs[1])
    training.start_next()
    assert training.current is runs[2]
    assert not training.waiting


def test_the_console_opens_without_torch(here) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from memlab.tui.app import Memlab\n"
        "async def main():\n"
        "    app = Memlab(Path('runs'))\n"
        "    async with app.run_test() as pilot:\n"
        "        await pilot.press('3', '4', '1')\n"
        "asyncio.run(main())\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("mode", "content"), [("lab", "PresetOptions"), ("runs", "Table"), ("compare", "RunPicker")]
)
async def test_at_40x10_the_main_content_keeps_the_space(console, make_run, settle, mode, content):
    make_run(name="first")
    make_run(name="second")
    async with console(size=(40, 10)) as (app, pilot):
        await app.action_go(mode)
        await settle(app, pilot)
        assert app.screen.query(content).first().size.height >= 4
        if mode == "runs":
            assert "second" in text_of(app) and "first" in text_of(app)


async def test_at_40x10_a_run_shows_its_loss_chart(console, make_run, settle):
    folder = make_run()
    async with console(size=(40, 10), begin="runs") as (app, pilot):
        app.post_message(OpenRun(folder))
        await settle(app, pilot)
        assert "batch" in text_of(app) and "└" in text_of(app)
        await pilot.press("p")
        await settle(app, pilot)
        assert not app.screen.query_one("#loss").display

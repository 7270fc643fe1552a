"""Quitting the console while a run trains in its process."""

import asyncio
from typing import Any

from textual.app import App
from textual.content import Content

from memlab.record.status import Status
from memlab.tui.dialogs import Confirm
from memlab.tui.safe_content import safe
from memlab.tui.training_functions import TrainingFunctions
from memlab.tui.training_queue import TrainingQueue

CHOICES = {
    "keep": "keep it running in a separate process",
    "stop": "stop it and save a checkpoint",
    "stay": "stay",
}
LOST = (Status.FAILED, Status.DIED)


async def may_quit(
    app: App[Any], training: TrainingQueue, trainer: TrainingFunctions | None
) -> bool:
    """Whether the console may exit now. Call it from a worker.

    If a run trains here, ask what to do with it and wait until it has saved a checkpoint; false if
    the user stays, or if the run has failed.
    """
    if training.current is None or (trainer is not None and trainer.outlive_console):
        return True
    answer = await app.push_screen_wait(Confirm(_question(training), CHOICES))
    if answer not in ("keep", "stop"):
        return False
    folder = training.current  # may be another run than the one in the question
    if folder is None:
        return True
    app.notify("saving a checkpoint, then quitting ...", timeout=30)
    while training.current is not None:
        training.interrupt()
        await asyncio.sleep(0.1)
    status = folder.status()
    if answer == "keep" and trainer and status is Status.INTERRUPTED:
        trainer.detach(folder)
    return status not in LOST


def _question(training: TrainingQueue) -> Content:
    assert training.current is not None
    waiting = len(training.waiting)
    more = f"\n{waiting} more will stay in the queue: `memlab resume ID` starts one."
    name = safe(training.current.display_name)
    return Content.assemble(name, " is training here.", more if waiting else "")

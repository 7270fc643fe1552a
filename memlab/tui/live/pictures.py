"""The key that shows pictures of the model at the checkpoint nearest to the cursor."""

from typing import Any

from textual.screen import Screen

from memlab.tui.live.viewer import Viewer
from memlab.tui.training_functions import Analysis


def open_pictures(screen: Screen[Any], viewer: Viewer) -> None:
    """Show the pictures; compute them if none are stored and this console can."""
    from memlab.record.model_pictures import nearest_checkpoint, read_pictures
    from memlab.tui.pictures.screen import PicturesScreen

    reading = viewer.viewport.reading
    step = nearest_checkpoint(viewer.folder, viewer.here if reading is None else reading)
    if step is None:
        screen.notify("this run has no checkpoint yet: C saves one while it trains")
        return
    analysis: Analysis | None = getattr(screen.app, "analysis", None)
    if analysis is None and read_pictures(viewer.folder, step) is None:
        screen.notify(f"not computed yet: memlab arrays {viewer.folder.id} --at {step}")
        return
    compute = analysis.pictures if analysis else None
    screen.app.push_screen(PicturesScreen(viewer.folder, step, compute))

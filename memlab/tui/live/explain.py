"""The key that explains a spike."""

from collections.abc import Sequence
from typing import Any

from textual.screen import Screen

from memlab.record.events import Spike
from memlab.tui.live.viewer import Viewer
from memlab.tui.training_functions import Analysis


def spike_at(spikes: Sequence[Spike], reading: float | None) -> Spike | None:
    """The spike nearest to the reading cursor; without a cursor the highest."""
    if reading is None:
        return max(spikes, key=lambda spike: spike.peak, default=None)

    def distance(spike: Spike) -> float:
        return max(spike.onset - reading, reading - (spike.recovered_at or spike.step), 0.0)

    return min(spikes, key=distance, default=None)


def open_explanation(screen: Screen[Any], viewer: Viewer) -> None:
    """Show the explanation of a spike; compute it if none is stored and this console can."""
    from memlab.record.explanation import read_explanation
    from memlab.tui.explain.screen import ExplanationScreen

    folder = viewer.folder
    spike = spike_at(viewer.whole.closed_spikes, viewer.viewport.reading)
    if spike is None:
        screen.notify("this run has no spike that has ended")
        return
    onset = spike.onset
    analysis: Analysis | None = getattr(screen.app, "analysis", None)
    if analysis is None and read_explanation(folder, onset) is None:
        screen.notify(f"not explained yet: memlab explain {folder.id} --at {onset}")
        return
    explain = analysis.explain if analysis else None
    compute = (lambda report: explain(folder, onset, report)) if explain else None
    screen.app.push_screen(ExplanationScreen(folder, spike, compute))

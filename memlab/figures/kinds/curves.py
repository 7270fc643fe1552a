"""`curves`: loss and accuracy over steps, with chance level, phases and spikes."""

from collections.abc import Sequence

from memlab.figures.kind import Kind
from memlab.figures.plot import FigureData
from memlab.figures.run_curves import accuracy_panel, loss_panels
from memlab.figures.shared_past import shared_note, with_thin_past
from memlab.figures.source import FigureOptions, RunSource


def curves(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """Loss and accuracy of one run over a logarithmic axis of steps."""
    (run,) = runs
    accuracy = accuracy_panel(run)
    panels = (*loss_panels(run, options.columns), *((accuracy,) if accuracy.chart.series else ()))
    return FigureData(
        "curves",
        tuple(with_thin_past(run, panel) for panel in panels),
        (run.id,),
        title=f"{run.name}: loss and accuracy",
        note=shared_note(runs),
    )


KIND = Kind("curves", "Loss and accuracy over steps, with phases and spikes.", "run", curves)

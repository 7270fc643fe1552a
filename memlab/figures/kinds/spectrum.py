"""`spectrum`: the norm of the token embedding at each Fourier frequency."""

import numpy as np

from memlab.charts import Chart, Series
from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import FigureData, PlottedCurves
from memlab.figures.source import FigureOptions
from memlab.record.model_pictures import ModelPictures


def spectrum(pictures: ModelPictures, options: FigureOptions) -> FigureData:
    """The norm at each frequency along the cyclic group of the task."""
    if not len(pictures.spectrum):
        raise nothing_to_draw("spectrum", "the task has no cyclic group", [pictures.run])
    n = len(pictures.spectrum)
    # A staircase: each step is centred at its frequency.
    x = np.repeat(np.arange(n + 1) + 0.5, 2)[1:-1]
    series = Series("", x, np.repeat(pictures.spectrum, 2), "train")
    top = 1.05 * float(pictures.spectrum.max())
    chart = Chart(series=(series,), x_range=(0.5, n + 0.5), y_range=(0.0, top))
    panel = PlottedCurves(chart, "norm", "frequency")
    title = f"{pictures.run}: spectrum of the token embedding at step {pictures.step:,}"
    return FigureData("spectrum", (panel,), (pictures.run,), title=title)


KIND = Kind("spectrum", "Fourier norms of the token embedding (--at STEP).", "model", spectrum)

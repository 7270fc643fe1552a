"""The pictures of a model in panels."""

from collections.abc import Hashable
from typing import final

import numpy as np
from textual.content import Content

from memlab.charts import Band, Chart, HeatGrid, HeatMap
from memlab.record.model_pictures import Floats, ModelPictures
from memlab.record.safe_text import safe_text
from memlab.tui.plots.plot import Picture, Plot, log_link

WIDEST_BAR = 0.35
"""half the width of a bar, in frequencies, where there is room ..."""
NARROWEST_BAR = 0.01
"""... and where there is none"""
AXIS = 6
"""approximate number of cells left of a chart"""


def attention_maps(pictures: ModelPictures) -> HeatGrid:
    """One map for each head, named layer.head; rows are queries, columns keys."""
    layers, heads = pictures.attention.shape[:2]
    tokens = tuple(safe_text(token, 8) for token in pictures.tokens)
    maps = tuple(
        HeatMap(pictures.attention[layer, head], f"head {layer}.{head}", tokens)
        for layer in range(layers)
        for head in range(heads)
    )
    return HeatGrid(maps, 0.0, 1.0)


def margin_map(pictures: ModelPictures) -> HeatGrid:
    """Logit of the answer minus the largest other logit: above 0 the answer is correct."""
    known = pictures.margins[np.isfinite(pictures.margins)]
    if not len(known):
        return HeatGrid((), 0.0, 1.0, instead="not defined for this task")
    low, high = float(known.min()), float(known.max())
    return HeatGrid((HeatMap(pictures.margins),), low, high if high > low else low + 1.0)


def spectrum_chart(spectrum: Floats, columns: int, *, y_log: bool) -> Chart:
    """A bar for each frequency, in a chart that is `columns` cells wide.

    A bar covers all half cells that it touches, so it is drawn up to one of them wider than it is.
    """
    n = len(spectrum)
    half_cell = n / (2 * max(columns - AXIS, 1))  # in frequencies
    half = min(max(0.5 - 1.5 * half_cell, NARROWEST_BAR), WIDEST_BAR)
    # One band with a gap after each bar: separate bands would hide others in the same cell.
    corners = np.arange(1, n + 1)[:, None] + np.array([-half, half, 0.5])  # (frequency, corner)
    low = np.full_like(corners, float(spectrum.min()) / 2 if y_log else 0.0)
    high = np.repeat(spectrum[:, None], 3, axis=1)
    low[:, 2] = high[:, 2] = np.nan
    bars = Band(corners.ravel(), low.ravel(), high.ravel(), "train")
    height = None if y_log else (0.0, 1.05 * float(spectrum.max()) or 1.0)
    shown = (0.5, n + 0.5)
    return Chart(bands=(bars,), y_log=y_log, x_range=shown, y_range=height, not_finite=0)


@final
class AttentionPanel(Plot[ModelPictures]):
    """Attention of every head on a sample."""

    @property
    def measure_name(self) -> str:
        return "attention"

    def depends(self, view_state: ModelPictures) -> Hashable:
        return view_state.step

    def picture(self, view_state: ModelPictures, columns: int) -> Picture:
        return attention_maps(view_state)

    def heading(self, view_state: ModelPictures) -> list[Content]:
        prompt = safe_text(" ".join(view_state.tokens), 60)
        return [Content(f"attention on {prompt}"), Content("rows: query, columns: key")]


@final
class SpectrumPanel(Plot[ModelPictures]):
    """Norms of the token embedding by frequency."""

    @property
    def measure_name(self) -> str:
        return "spectrum"

    def depends(self, view_state: ModelPictures) -> Hashable:
        """The step, and the scale of the axis."""
        return view_state.step, self.y_log

    def picture(self, view_state: ModelPictures, columns: int) -> Picture:
        if not len(view_state.spectrum):
            return HeatGrid((), 0.0, 1.0, instead="not defined for this task")
        return spectrum_chart(view_state.spectrum, columns, y_log=self.y_log)

    def heading(self, view_state: ModelPictures) -> list[Content]:
        """The quantity and the scale of its axis."""
        return [Content("embedding norm by frequency"), log_link("y", self.y_log, "log_y")]


@final
class LogitTablePanel(Plot[ModelPictures]):
    """The margin: logit of the answer minus the largest other one, for every pair of operands."""

    @property
    def measure_name(self) -> str:
        return "logit table"

    def depends(self, view_state: ModelPictures) -> Hashable:
        return view_state.step

    def picture(self, view_state: ModelPictures, columns: int) -> Picture:
        return margin_map(view_state)

    def heading(self, view_state: ModelPictures) -> list[Content]:
        """The quantity, and the share of correct answers."""
        known = view_state.margins[np.isfinite(view_state.margins)]
        parts = ["margin of the answer", "rows: a, columns: b"]
        if len(known):
            parts.insert(1, f"{np.mean(known > 0):.1%} correct")
        return [Content(part) for part in parts]

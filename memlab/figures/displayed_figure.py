"""A matplotlib figure that Jupyter displays as the result of a cell."""

from io import BytesIO
from typing import final

from matplotlib.figure import Figure


@final
class DisplayedFigure(Figure):
    """Displays as PNG in Jupyter, without pyplot."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()

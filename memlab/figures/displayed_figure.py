"""A figure that a notebook displays by itself."""

from io import BytesIO
from typing import final

from matplotlib.figure import Figure


@final
class DisplayedFigure(Figure):
    """Jupyter shows figures of its own accord only where pyplot is loaded; this one everywhere."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()

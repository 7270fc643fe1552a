"""A figure that a notebook displays by itself."""

from io import BytesIO
from typing import final

from matplotlib.figure import Figure


@final
class DisplayedFigure(Figure):
    """A figure that Jupyter displays even if pyplot is not imported."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()

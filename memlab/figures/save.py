"""Encode a figure as a file with metadata: title, runs and command."""

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, final

from memlab.errors import MemlabError
from memlab.figures.style import Style, matplotlib_settings
from memlab.record.safe_text import safe_text
from memlab.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")


@final
@dataclass(frozen=True)
class Origin:
    """The origin of a figure, for the metadata of its file."""

    title: str
    runs: tuple[str, ...]
    command: str

    @property
    def text(self) -> str:
        """Runs and command in one line."""
        return safe_text(f"runs: {', '.join(self.runs)}; made by: {self.command}", 2000)


def check_format(suffix: str) -> str:
    """The format of a file name extension.

    Raises:
        MemlabError: figures cannot be saved in this format.
    """
    name = suffix.removeprefix(".").lower()
    if name not in FORMATS:
        raise MemlabError(
            "unknown format for figures",
            found=suffix or "no extension",
            allowed=", ".join(f".{name}" for name in FORMATS),
        )
    return name


def to_bytes(figure: "Figure", format: str, style: Style, origin: Origin) -> bytes:
    """The content of the file. Deterministic, since the metadata has no date."""
    file = BytesIO()
    with matplotlib_settings(style):
        figure.savefig(file, format=format, metadata=_metadata(format, origin))
    return file.getvalue()


def _metadata(format: str, origin: Origin) -> dict[str, Any]:
    title, tool = safe_text(origin.title, 200), f"memlab {__version__}"
    if format == "png":
        return {"Title": title, "Description": origin.text, "Software": tool}
    if format == "pdf":
        return {
            "Title": title, "Subject": origin.text, "Creator": tool, "Producer": tool,
            "CreationDate": None,
        }  # fmt: skip
    return {"Title": title, "Description": origin.text, "Creator": tool, "Date": None}

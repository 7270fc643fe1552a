"""A report as one HTML file with inline SVG and CSS, without scripts or external resources."""

import re
from collections.abc import Callable
from importlib.resources import files

from memlab.figures.make import rendered
from memlab.figures.report.page import Cell, Code, Page, Picture, ReportTable, Text, shown
from memlab.record.safe_text import safe_text
from memlab.version import __version__

STYLE = "web"
_ID = re.compile(r'(?<=\sid=")([^"]+)"')
_REFERENCE = re.compile(r'(?<=href="#)([^"]+)"|(?<=url\(#)([^)]+)\)')
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


def to_html(page: Page) -> str:
    """The HTML of a page. All values are escaped, so that names and prompts cannot inject markup."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.tests.update(
        {kind.__name__.lower(): _is(kind) for kind in (Text, Code, ReportTable, Picture)}
    )
    environment.filters.update(safe=None, shown=_shown, exact=_exact)
    del environment.filters["safe"]  # only pictures and CSS are inserted as markup
    template = environment.from_string(files(__package__).joinpath("page.html").read_text("utf-8"))
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    from markupsafe import Markup

    pictures = {
        id(picture): Markup(inline_svg(picture, f"f{number}-"))
        for number, picture in enumerate(page.pictures, start=1)
    }
    return template.render(
        page=page, style=Markup(style), pictures=pictures, id=id, version=__version__
    )


def inline_svg(picture: Picture, prefix: str) -> str:
    """The figure as an SVG element; all ids get a prefix, so that they are unique in the page."""
    svg = rendered(picture.data, "svg", STYLE, picture.command).decode()
    svg = _METADATA.sub("", svg[svg.index("<svg") :])
    svg = _ID.sub(rf'{prefix}\1"', svg)
    return _REFERENCE.sub(lambda match: prefix + match[0], svg)


def _is(kind: type) -> Callable[[object], bool]:
    return lambda block: isinstance(block, kind)


def _shown(cell: Cell) -> str:
    return safe_text(shown(cell), 2000, lines=True)


def _exact(cell: Cell) -> str | None:
    """All digits of a rounded number."""
    return repr(cell) if isinstance(cell, float) else None

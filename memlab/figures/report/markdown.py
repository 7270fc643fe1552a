"""A report as Markdown with figures in separate files."""

from collections.abc import Mapping

from memlab.figures.make import rendered
from memlab.figures.report.page import Block, Cell, Code, Page, Picture, ReportTable, Text, shown
from memlab.record.safe_text import safe_text

STYLE = "web"
_MARKUP = str.maketrans(
    {c: f"\\{c}" for c in "\\`*_{}[]#|!~$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


def to_markdown(page: Page, folder: str) -> tuple[str, Mapping[str, bytes]]:
    """The Markdown, and the figures: file name in `folder` to content."""
    files: dict[str, bytes] = {}
    lines = [f"# {_escaped(page.title)}", "", _escaped(page.subtitle), ""]
    for section in page.sections:
        lines += [f"## {_escaped(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block, folder, files), ""]
    return "\n".join(lines), files


def _block(block: Block, folder: str, files: dict[str, bytes]) -> list[str]:
    match block:
        case Text(text):
            return [_escaped(text)]
        case Code(text):
            return [f"    {line}" for line in safe_text(text, 4000, lines=True).splitlines()]
        case ReportTable():
            return _table(block)
        case Picture(data, command):
            name = f"{len(files) + 1}-{data.kind}.png"
            files[name] = rendered(data, "png", STYLE, command)
            code = safe_text(command, 400).replace("`", "'")
            return [f"![{_escaped(data.title)}]({folder}/{name})", "", f"`{code}`"]


def _table(table: ReportTable) -> list[str]:
    numeric = [
        all(isinstance(row[i], int | float | None) for row in table.rows)
        for i in range(len(table.headers))
    ]
    rows = [table.headers, tuple("---:" if is_number else "---" for is_number in numeric)]
    lines = ["| " + " | ".join(_header(cell) for cell in row) + " |" for row in rows]
    lines += ["| " + " | ".join(map(_escaped, row)) + " |" for row in table.rows]
    return ([_escaped(table.caption), ""] if table.caption else []) + lines


def _header(text: str) -> str:
    return text if set(text) <= set("-:") else _escaped(text)


def _escaped(cell: Cell) -> str:
    """The text in one line with all Markdown characters escaped."""
    return safe_text(shown(cell), 2000).translate(_MARKUP)

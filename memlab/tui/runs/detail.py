"""Text next to the table: counts, and details of the run under the cursor."""

from collections.abc import Sequence

from textual.content import Content

from memlab.record.settings_diff import shown_setting
from memlab.tui.runs.columns import RunColumn, age
from memlab.tui.runs.entry import Entry
from memlab.tui.runs.listing import Listing
from memlab.tui.safe_content import safe


def summary(listing: Listing, known: int, columns: Sequence[RunColumn]) -> Content:
    """How many of the `known` runs are listed and marked, and the order."""
    if not known:
        return Content("no runs yet: start one in the Lab (1)")
    n, marks = len(listing.shown), len(listing.marked)
    of = f" of {known:,}" if n != known else ""
    order = f"   {_order(listing, columns)}" if n > 1 else ""
    marked = f"   ◉ {marks} marked" if marks else ""
    return Content(f"{n:,}{of} {'run' if known == 1 else 'runs'}{order}{marked}")


def _order(listing: Listing, columns: Sequence[RunColumn]) -> str:
    """The sort field, whose column may be hidden."""
    fact, down = listing.fact, listing.down
    if fact == "run":
        return "newest first" if down else "oldest first"
    title = next((s.column.title for s in columns if s.fact == fact), fact)
    return safe(f"by {title} {'▾' if down else '▴'}").plain


def detail(entry: Entry, settings_diff: Sequence[str]) -> Content:
    """Details of the run under the cursor."""
    values = "  ".join(f"{name} {value:.4g}" for name, value in entry.values.items())
    settings = [
        f"{key.rpartition('.')[2]} {shown_setting(entry.settings[key])}"
        for key in settings_diff
        if key in entry.settings
    ]
    tags = " ".join(f"#{tag}" for tag in entry.tags)
    preset = f"preset {entry.preset}" if entry.preset else ""
    about = "  ".join(filter(None, [entry.key, preset, age(entry.created), tags]))
    lines = [
        Content.assemble(safe(entry.name, style="bold"), "  ", safe(about, 300, style="dim")),
        _members(entry),
        safe(values or "no evaluation yet", 300),
        safe("  ".join(settings), 300, style="dim"),
        safe(entry.note, 300),
    ]
    return Content("\n").join([line for line in lines if line])


def _members(entry: Entry) -> Content:
    """What a row that stands for a sweep shows, and how to list its runs."""
    if entry.members is None or entry.sweep is None:
        return Content("")
    finished, total = entry.members
    return Content.assemble(
        f"a sweep: {finished:,} of {total:,} runs finished, below is the newest; 6 shows it, / ",
        safe(f"sweep:{entry.sweep['name']}", 60),
        " lists its runs",
    )

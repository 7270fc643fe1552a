"""Insert standard input into a page, between `<!-- NAME: ... -->` and `<!-- end of NAME -->`.

python tools/tree.py | python tools/section.py README.md tree
"""

import re
import sys
from pathlib import Path


def with_section(page: str, name: str, text: str) -> str:
    """The page with the section `name` replaced by `text`."""
    start = re.search(rf"<!-- {name}: [^\n]*-->\n", page)
    end = page.find(f"<!-- end of {name} -->")
    if start is None or end < start.end():
        raise SystemExit(f"the page has no section {name!r}")
    return page[: start.end()] + text + page[end:]


if __name__ == "__main__":
    path, section = Path(sys.argv[1]), sys.argv[2]
    text = sys.stdin.read()
    if not text.strip():
        raise SystemExit("standard input is empty: the page is unchanged")
    path.write_text(with_section(path.read_text("utf-8"), section, text), "utf-8")

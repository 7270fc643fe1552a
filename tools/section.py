"""Put standard input into a page, between `<!-- NAME: ... -->` and `<!-- end of NAME -->`.

python tools/tree.py | python tools/section.py README.md tree
"""

import re
import sys
from pathlib import Path


def with_section(page: str, name: str, text: str) -> str:
    """The page with the section `name` replaced by `text`; both marks must be there."""
    restore = re.search(rf"<!-- {name}: [^\n]*-->\n", page)
    end = page.find(f"<!-- end of {name} -->")
    if restore is None or end < restore.end():
        raise SystemExit(f"the page has no section {name!r}")
    return page[: restore.end()] + text + page[end:]


if __name__ == "__main__":
    path, section = Path(sys.argv[1]), sys.argv[2]
    made = sys.stdin.read()
    if not made.strip():
        raise SystemExit("nothing came in: the page is left as it is")
    path.write_text(with_section(path.read_text("utf-8"), section, made), "utf-8")

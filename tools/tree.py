"""Print the tree of the project in docs/architecture.md, with the summary of each module."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOP = {
    "presets/": "experiments, in folders by topic; `memlab presets` describes them",
    "runs/": "one folder per run; one run is shipped",
    "docs/": "all pages except README, with their pictures",
    "tests/": "the same folders as memlab/; slow tests are marked",
    "benchmarks/": "measurements of engines, spike rules and the console",
    "tools/": "scripts that write files of this project",
}
WIDTH = 34


def lines() -> Iterator[str]:
    """The lines of the tree."""
    for name, comment in TOP.items():
        yield f"{name:<{WIDTH}}{comment}"
    yield from _folder(ROOT / "memlab", 0)


def _folder(folder: Path, depth: int) -> Iterator[str]:
    yield _line(f"{'  ' * depth}{folder.name}/", _summary(folder / "__init__.py"))
    children = sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name))
    for child in children:
        if child.is_dir() and (child / "__init__.py").exists():
            yield from _folder(child, depth + 1)
        elif child.suffix == ".py" and child.name != "__init__.py":
            yield _line(f"{'  ' * (depth + 1)}{child.name}", _summary(child))


def _line(name: str, comment: str) -> str:
    return f"{name:<{WIDTH}}{comment}".rstrip()


def _summary(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    first = " ".join(text.split("\n\n")[0].split())
    for mark in (": ", ". ", "; "):
        if len(first) > 90:
            first = first.split(mark)[0]
    return first.rstrip(".")


if __name__ == "__main__":
    sys.stdout.write("\n".join(["```", *lines(), "```"]) + "\n")

"""Structure of the code: unique class names, no import cycles."""

import ast
import functools
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import memlab

ROOT = Path(memlab.__file__).parent


@functools.cache
def trees() -> dict[str, ast.Module]:
    """The syntax tree of every module of memlab, by module name."""
    return {
        ".".join(("memlab", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): ast.parse(path.read_text())
        for path in sorted(ROOT.rglob("*.py"))
    }


def test_no_class_name_occurs_twice():
    """Nested classes count too, such as Textual's messages."""
    count = Counter(
        node.name
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, n in count.items() if n > 1} == set()


def test_no_import_is_renamed_because_of_a_clash():
    """Checks `import x as y` of memlab's own modules; `numpy as np` and the like are allowed."""
    aliases = {
        (module, alias.name, alias.asname)
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if alias.asname not in (None, alias.name) and _of_memlab(node, alias)
    }
    assert aliases == set()


def test_no_module_imports_itself_through_others():
    """Imports within functions count; imports under TYPE_CHECKING do not."""
    graph = {module: set(_imports(module, tree)) for module, tree in trees().items()}
    assert _cycles(graph) == set()


def _of_memlab(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
    name = alias.name if isinstance(node, ast.Import) else node.module or ""
    return name.split(".")[0] == "memlab"


def _imports(module: str, tree: ast.Module) -> Iterator[str]:
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in trees())
        elif isinstance(node, ast.ImportFrom) and node.module in trees():
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in trees() else node.module


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes except those under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _executed(child)


def _cycles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """The strongly connected components with more than one module (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = set()

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in graph[module]:
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            component = frozenset(stack[stack.index(module) :])
            del stack[-len(component) :]
            if len(component) > 1:
                found.add(component)

    for module in graph:
        if module not in index:
            visit(module)
    return found


def test_the_search_for_cycles_finds_them():
    graph = defaultdict(set, {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}})
    assert _cycles(graph) == {frozenset("bc")}
    assert _cycles({"a": {"b"}, "b": set()}) == set()

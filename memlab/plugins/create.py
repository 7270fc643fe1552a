"""Creation of a custom task from a working template."""

from importlib.resources import files
from pathlib import Path
from string import Template

from memlab.errors import MemlabError


def create_task(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a task and its test into a folder of plugins; returns both paths.

    Args:
        folder: created if missing.
        name: the task's kind; must not be taken.

    Raises:
        MemlabError: the name is not a valid module name, or a file exists.
        OSError: the files cannot be written.
    """
    if not (name.isidentifier() and name.islower()) or name.startswith(("_", "test_", "conftest")):
        raise MemlabError(
            "invalid name of a task", where=name, allowed="lower-case letters, digits and _",
            hint="it becomes the name of a Python file",
        )  # fmt: skip
    values = {"NAME": name, "CLASS": "".join(map(str.capitalize, name.split("_")))}
    paths = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in paths:
        if path.exists():
            raise MemlabError("the file exists", where=str(path), hint="choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    templates = files("memlab.plugins") / "templates"
    for path, template in zip(paths, ("task.txt", "test.txt"), strict=True):
        text = Template((templates / template).read_text("utf-8")).substitute(values)
        path.write_text(text, "utf-8")
    return paths

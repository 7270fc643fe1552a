"""Tasks. One file per task; the name of the file is the task's `kind`."""

import importlib
import pkgutil
from functools import cache

from memlab.tasks.task import Task


@cache
def kinds() -> dict[str, type[Task]]:
    """Every task in this folder, by kind."""
    classes: dict[str, type[Task]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Task) and "kind" in value.model_fields:
                kind = value.model_fields["kind"].default
                if kind == module_info.name:
                    classes[kind] = value
    return classes

"""Tasks. One file per task; the name of the file is the task's `kind`."""

import importlib
import pkgutil
from functools import cache

from memlab.errors import PluginError
from memlab.plugins.load import Plugin, load_plugin, plugin_names
from memlab.tasks.task import Task


@cache
def kinds() -> dict[str, type[Task]]:
    """Every task in this folder, by kind."""
    classes: dict[str, type[Task]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        if found := _task_among(tuple(vars(module).values()), module_info.name):
            classes[module_info.name] = found
    return classes


def task_names() -> tuple[str, ...]:
    """The kinds of all tasks, those of plugins included; nothing is imported for it."""
    return tuple(dict.fromkeys([*kinds(), *plugin_names("tasks")]))


def task_class(kind: str) -> type[Task] | None:
    """The task of a kind, also from a plugin, which is imported; None if there is none.

    Raises:
        PluginError: the plugin cannot be imported, or defines no such task.
    """
    if kind in kinds():
        return kinds()[kind]
    plugin = task_plugin(kind)
    return None if plugin is None else _of_plugin(plugin)


def task_plugin(kind: str) -> Plugin | None:
    """The plugin that a task comes from; None of tasks in this folder, and where there is none."""
    return None if kind in kinds() else load_plugin("tasks", kind)


@cache
def _of_plugin(plugin: Plugin) -> type[Task]:
    """The task that a plugin defines; exceptions in its methods name the plugin's file and line."""
    task = _task_among(plugin.members, plugin.name)
    if task is None:
        raise PluginError(
            f"plugin {plugin.name} defines no task of this kind",
            where=str(plugin.files[0]) if plugin.files else plugin.origin,
            allowed=f'a subclass of Task with kind: Literal["{plugin.name}"] = "{plugin.name}"',
            hint="`memlab new task NAME` writes a file to begin with",
        )
    for name in ("dataset", "train_table", "cyclic_table", "score"):
        if name in vars(task):
            setattr(task, name, plugin.guarded(vars(task)[name]))
    return task


def _task_among(members: tuple[object, ...], kind: str) -> type[Task] | None:
    for value in members:
        if isinstance(value, type) and issubclass(value, Task):
            field = value.model_fields.get("kind")
            if field is not None and field.default == kind:
                return value
    return None

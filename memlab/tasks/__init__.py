"""Tasks. One file per task; the name of the file is the `kind` of the task."""

import importlib
import pkgutil
from functools import cache

from memlab.errors import PluginError
from memlab.plugins.load import Plugin, load_plugin, plugin_names
from memlab.tasks.task import Task


@cache
def kinds() -> dict[str, type[Task]]:
    """Kind to task, for the tasks of this package."""
    classes: dict[str, type[Task]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        if task := _task_among(tuple(vars(module).values()), module_info.name):
            classes[module_info.name] = task
    return classes


def task_names() -> tuple[str, ...]:
    """The kinds of all tasks, including those of plugins, which are not imported."""
    return tuple(dict.fromkeys([*kinds(), *plugin_names("tasks")]))


def task_class(kind: str) -> type[Task] | None:
    """The task of a kind, which can be that of a plugin; None if there is no such task.

    Raises:
        PluginError: the plugin cannot be imported, or does not define the task.
    """
    if kind in kinds():
        return kinds()[kind]
    plugin = task_plugin(kind)
    return None if plugin is None else _of_plugin(plugin)


def task_plugin(kind: str) -> Plugin | None:
    """The imported plugin with this task; None for tasks of this package or unknown kinds."""
    return None if kind in kinds() else load_plugin("tasks", kind)


@cache
def _of_plugin(plugin: Plugin) -> type[Task]:
    """The task of a plugin. Exceptions in its methods name the file and line of the plugin."""
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
    """The subclass of `Task` whose `kind` has this default."""
    for value in members:
        if isinstance(value, type) and issubclass(value, Task):
            field = value.model_fields.get("kind")
            if field is not None and field.default == kind:
                return value
    return None

"""The plugins that a run uses: recorded with a hash when it is created, compared when it is resumed."""

from memlab.errors import PluginError
from memlab.measures import measure_plugin
from memlab.preset.run_preset import preset_of
from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder
from memlab.tasks import task_plugin

PluginFacts = dict[str, str]
"""name, kind (task or measure), origin and sha256 of a plugin"""


def plugins_of(preset: Preset) -> list[PluginFacts]:
    """The plugins that a preset names."""
    plugins = [task_plugin(preset.task.kind), *map(measure_plugin, preset.evaluation.measures)]
    return [plugin.to_json() for plugin in plugins if plugin is not None]


def verified_plugins(folder: RunFolder, *, accept_change: bool = False) -> list[PluginFacts]:
    """The current plugins of a run, with unchanged code unless a change is accepted.

    Raises:
        PluginError: the code of one differs from what the run used last.
    """
    attempts = folder.attempts()
    last = attempts[-1].info if attempts else {}
    before = _hashes(last.get("plugins") or folder.description.get("plugins"))
    plugins = plugins_of(preset_of(folder))
    now = _hashes(plugins)
    for kind, name in sorted(before.keys() | now.keys()):
        if before.get((kind, name)) != now.get((kind, name)) and not accept_change:
            raise PluginError(
                f"the code of {kind} {name} differs from what this run used",
                where=folder.path.name,
                found=now.get((kind, name), "no plugin"),
                allowed=before.get((kind, name), "no plugin"),
                hint="restore the plugin, or continue with the new code: --accept-plugin-change",
            )
    return plugins


def _hashes(plugins: object) -> dict[tuple[str, str], str]:
    """SHA-256 by (kind, name), from a run's files; malformed entries are skipped."""
    entries = [one for one in plugins if isinstance(one, dict)] if isinstance(plugins, list) else []
    return {(str(e.get("kind")), str(e.get("name"))): str(e.get("sha256")) for e in entries}

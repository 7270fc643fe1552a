"""A new run folder from a preset."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from memlab.measures import declared, named_measures
from memlab.preset.check import Report, check_preset
from memlab.preset.dump import dump
from memlab.preset.run_plugins import plugins_of
from memlab.preset.schema import Preset
from memlab.record.events import COLUMNS
from memlab.record.folder import RunFolder
from memlab.record.measure import COLUMN_MEASURES, Measure, to_json
from memlab.version import __version__

UNITS = {measure.name: measure.unit for measure in COLUMN_MEASURES}


def create_run(  # noqa: PLR0913 - keyword options
    preset: Preset,
    runs: Path,
    name: str | None = None,
    *,
    run: str | None = None,
    origin: Mapping[str, Any] | None = None,
    report: Report | None = None,
) -> RunFolder:
    """Create a run folder with everything a worker needs to train `preset`.

    Args:
        preset: what to train.
        runs: folder of runs.
        name: display name; None = name of the preset.
        run: id of the run; None = a new one.
        origin: keys of `run.json` about its origin, such as its sweep.
        report: result of `check_preset`, if already computed.

    Raises:
        DataError: the task cannot create its data; no folder is left behind.
        OSError: for example, `run` exists already.
    """
    description = {
        "preset": preset.model_dump(mode="json"),
        "columns": list(COLUMNS),
        "units": UNITS,
        "measures": to_json([*COLUMN_MEASURES, *declared_for(preset)]),
        "check": (report or check_preset(preset)).to_json(),
        "versions": {
            "memlab": __version__,
            "python": platform.python_version(),
            "torch": version("torch"),
            "numpy": version("numpy"),
        },
        "machine": {"system": platform.system(), "processor": platform.machine()},
        **({"plugins": plugins} if (plugins := plugins_of(preset)) else {}),
        **(origin or {}),
    }
    return RunFolder.create(runs, description, dump(preset), name or preset.name, run)


def declared_for(preset: Preset) -> list[Measure]:
    """Measures that evaluations of the preset record, and those computable from its checkpoints."""
    names = dict.fromkeys(m.name for m in COLUMN_MEASURES)
    known = declared()
    named = [m.declared for m in named_measures(preset.evaluation.measures)]
    of_plugins = [m for m in named if m not in known]
    return [m for m in (*known, *of_plugins, *preset.task.scores) if m.name not in names]

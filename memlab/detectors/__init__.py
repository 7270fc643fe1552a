"""Detectors of spikes, phases and likely problems, as folds over the events of a run."""

import importlib
import pkgutil

from memlab.detectors.detector import Context, Detector


def all_detectors(context: Context) -> list[Detector]:
    """Every detector in this folder, sorted by file name."""
    return [
        value(context)
        for info in pkgutil.iter_modules(__path__)
        for value in vars(importlib.import_module(f"{__name__}.{info.name}")).values()
        if isinstance(value, type) and issubclass(value, Detector)
        if value.__module__ == f"{__name__}.{info.name}" and value is not Detector
    ]

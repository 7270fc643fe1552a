"""Detectors. One file per detector or per part of one."""

import importlib
import pkgutil

from memlab.detectors.detector import Context, Detector


def all_detectors(context: Context) -> list[Detector]:
    """Every detector in this folder, in the order of their files' names."""
    return [
        value(context)
        for info in pkgutil.iter_modules(__path__)
        for value in vars(importlib.import_module(f"{__name__}.{info.name}")).values()
        if isinstance(value, type) and issubclass(value, Detector)
        if value.__module__ == f"{__name__}.{info.name}" and value is not Detector
    ]

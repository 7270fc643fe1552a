"""The preset that a run was made with."""

from memlab.errors import RunError
from memlab.preset.load import from_json
from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder


def preset_of(folder: RunFolder) -> Preset:
    """The resolved preset that a run keeps.

    Raises:
        RunError: its `run.json` is damaged or has none.
        PresetError: this version's schema does not accept it.
    """
    if "preset" not in folder.description:
        raise RunError(
            "the run has no readable preset",
            where=str(folder.path / "run.json"),
            found=folder.problem() or "no preset",
            hint=f"run `memlab doctor {folder.path.name}`",
        )
    return from_json(folder.description["preset"])

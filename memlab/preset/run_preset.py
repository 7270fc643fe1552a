"""The preset of a run: as created, and with its edits."""

from collections.abc import Iterable

from memlab.errors import RunError
from memlab.preset.edit import apply_edits
from memlab.preset.load import from_json
from memlab.preset.schema import Preset
from memlab.record.events import Edited
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import reference


def preset_of(folder: RunFolder) -> Preset:
    """The resolved preset that a run was created with.

    Raises:
        RunError: its `run.json` is damaged or has none.
        PresetError: this version's schema does not accept it.
    """
    folder.check_own()
    if "tracked" in folder.description:
        raise RunError(
            "this run was trained by your own program, so it has no preset",
            where=folder.path.name,
            hint="run your program again, with memlab.track(..., resume=True)",
        )
    if "preset" not in folder.description:
        raise RunError(
            "the run has no readable preset",
            where=str(folder.path / "run.json"),
            found=folder.problem() or "no preset",
            hint=f"run `memlab doctor {reference(folder)}`",
        )
    return from_json(folder.description["preset"])


def edited_preset(folder: RunFolder, edits: Iterable[Edited] | None = None) -> Preset:
    """The preset of a run with edits applied, by default all edits of the run.

    Raises:
        RunError, PresetError: as `preset_of`.
    """
    preset = preset_of(folder)
    for edit in History(folder).until().edits if edits is None else edits:
        preset = apply_edits(preset, edit.changes)
    return preset

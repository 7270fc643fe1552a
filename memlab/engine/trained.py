"""A trained model out of a run folder, to be asked or judged."""

from dataclasses import dataclass

from memlab.engine.checkpoint import load_weights
from memlab.engine.device import choose_device
from memlab.engine.material import Material
from memlab.errors import RunError
from memlab.models.transformer import Transformer
from memlab.preset.recorded import preset_of
from memlab.record.folder import RunFolder
from memlab.record.history import History


@dataclass(frozen=True)
class Trained:
    """A checkpoint's model with the data of its run."""

    model: Transformer
    material: Material
    step: int


def load_trained(folder: RunFolder, at: str, device: str = "auto") -> Trained:
    """The model of `folder` at `best`, `last` or a step.

    Raises:
        RunError: there is no such checkpoint, or `run.json` is damaged.
    """
    step = _step(folder, at)
    stored = folder.checkpoints.load(step, need="weights")
    preset = preset_of(folder)
    material = Material(preset, choose_device(device))
    model = Transformer(preset.model, len(material.dataset.vocabulary), material.facts.n_ctx)
    load_weights(model, stored.files["model.safetensors"])
    return Trained(model.to(material.device).eval(), material, stored.step)


def _step(folder: RunFolder, at: str) -> int | None:
    if at == "last":
        return None
    if at == "best":
        committed = History(folder).until().checkpoints
        return committed[-1].best_step if committed else None
    try:
        return int(at)
    except ValueError:
        raise RunError("which checkpoint?", found=at, allowed="best, last, or a step") from None

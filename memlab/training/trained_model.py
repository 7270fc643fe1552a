"""A trained model loaded from a run folder."""

from dataclasses import dataclass

from memlab.errors import RunError
from memlab.models.transformer import Transformer
from memlab.preset.run_preset import preset_of
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.training.checkpoint import load_weights
from memlab.training.device import choose_device
from memlab.training.run_data import RunData


@dataclass(frozen=True)
class TrainedModel:
    """The model of a checkpoint and the data of its run."""

    model: Transformer
    run_data: RunData
    step: int


def load_model(folder: RunFolder, at: str, device: str = "auto") -> TrainedModel:
    """The model of a run in evaluation mode.

    Args:
        at: `best`, `last` or a step.

    Raises:
        RunError: there is no such checkpoint, or `run.json` is damaged.
    """
    step = _step(folder, at)
    if step is not None and step not in (steps := folder.checkpoints.steps()):
        raise RunError(
            f"no checkpoint at step {step}",
            where=folder.path.name,
            allowed=", ".join(map(str, steps)) or "no step: the run has no checkpoint",
            hint="older checkpoints are removed while a run trains" if steps else None,
        )
    stored = folder.checkpoints.load(step, need="weights")
    preset = preset_of(folder)
    run_data = RunData(preset, choose_device(device))
    model = Transformer(preset.model, len(run_data.dataset.vocabulary), run_data.facts.n_ctx)
    load_weights(model, stored.files["model.safetensors"])
    return TrainedModel(model.to(run_data.device).eval(), run_data, stored.step)


def _step(folder: RunFolder, at: str) -> int | None:
    if at == "last":
        return None
    if at == "best":
        committed = History(folder).until().checkpoints
        return committed[-1].best_step if committed else None
    try:
        return int(at)
    except ValueError:
        raise RunError("unknown checkpoint", found=at, allowed="best, last, or a step") from None

"""Conversion between a training state and the files of a checkpoint.

`model.safetensors` and `optimizer.safetensors` have tensors named after the parameters,
`examples.safetensors` has one entry per training example, `state.json` has the rest. Nothing is pickled.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from memlab.errors import RunError
from memlab.preset.edit import apply_edits
from memlab.record.commands import Edit
from memlab.record.events import Event, to_json
from memlab.training.forgetting import Forgetting
from memlab.training.optimizers import apply_settings
from memlab.training.state import COMPLETED, Best, TrainState

BEST = "best.safetensors"
"""file with the best weights so far, in checkpoints that the flight recorder commits"""


@dataclass(frozen=True)
class StateTensors:
    """A training state as named tensors and JSON: the contents of a checkpoint."""

    step: int
    facts: bytes
    """`state.json`"""
    tensors: Mapping[str, Mapping[str, Tensor]]
    """file to tensors by name"""

    def copied(self) -> "StateTensors":
        """A copy in host memory, independent of the training state."""
        tensors = {
            file: {name: tensor.to("cpu", copy=True) for name, tensor in named.items()}
            for file, named in self.tensors.items()
        }
        return StateTensors(self.step, self.facts, tensors)

    def files(self) -> dict[str, bytes]:
        """File name to content."""
        files = {name: weights_to_bytes(tensors) for name, tensors in self.tensors.items()}
        return {**files, "state.json": self.facts}


def state_tensors(state: TrainState, seq: int, announce: Sequence[Event] = ()) -> StateTensors:
    """The contents of a checkpoint of `state`; the tensors are not copied.

    Args:
        state: a state with an empty queue.
        seq: number of the next event.
        announce: events that are committed with the checkpoint, numbered from `seq`.
    """
    assert not state.queue, "queued events would be lost"
    facts = {
        "step": state.step,
        "seq": seq,
        "announce": [to_json(event) for event in announce],
        "evaluated_at": state.evaluated_at,
        "edits": state.edits,
        "planned": [asdict(edit) for edit in state.planned],
        "best": state.best and {"step": state.best.step, "loss": state.best.loss},
        "worse_evaluations": state.worse_evaluations,
        "sustained": state.sustained,
        "stage": state.stage,
        "ending": state.ending if state.ending in COMPLETED else None,
        "detectors": {type(d).__name__: d.state() for d in state.detectors},
    }
    weights = {name: p.detach() for name, p in state.model.named_parameters()}
    tensors = {"model.safetensors": weights, "optimizer.safetensors": _optimizer_tensors(state)}
    if state.forgetting is not None:
        tensors["examples.safetensors"] = vars(state.forgetting)
    return StateTensors(state.step, json.dumps(facts).encode(), tensors)


def checkpoint_files(
    state: TrainState, seq: int, announce: Sequence[Event] = ()
) -> dict[str, bytes]:
    """The files of a checkpoint; see `state_tensors`."""
    return state_tensors(state, seq, announce).files()


def load_state(state: TrainState, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Load a checkpoint into a new `state`; returns the content of its `state.json`.

    The best weights are not loaded; see `restore_best`.

    Raises:
        RunError: the checkpoint belongs to another model.
    """
    facts: dict[str, Any] = json.loads(files["state.json"])
    load_weights(state.model, files["model.safetensors"])
    _restore_optimizer(state, safetensors.torch.load(files["optimizer.safetensors"]))
    state.step = state.checkpointed_at = facts["step"]
    state.evaluated_at = facts["evaluated_at"]
    state.edits = facts["edits"]
    state.planned = [Edit(**edit) for edit in facts["planned"]]
    state.worse_evaluations, state.sustained = facts["worse_evaluations"], facts["sustained"]
    state.stage, state.ending = facts["stage"], facts["ending"]
    if state.forgetting is not None:
        per_example = safetensors.torch.load(files["examples.safetensors"])
        device = state.forgetting.first.device
        state.forgetting = Forgetting(**{k: tensor.to(device) for k, tensor in per_example.items()})
    if state.edits:
        state.preset = apply_edits(state.preset, state.edits)
        apply_settings(state.optimizer, state.preset.optimizer)
    for detector in state.detectors:
        detector.restore(facts["detectors"][type(detector).__name__])
    return facts


def restore_best(state: TrainState, facts: Mapping[str, Any], weights: bytes) -> None:
    """Load the best weights so far from the bytes of their file; `facts` is that of `load_state`."""
    tensors = safetensors.torch.load(weights)
    device = next(state.model.parameters()).device
    state.best = Best(
        facts["best"]["step"],
        facts["best"]["loss"],
        {name: tensor.to(device) for name, tensor in tensors.items()},
    )


def weights_to_bytes(weights: Mapping[str, Tensor]) -> bytes:
    """Named tensors as the bytes of a safetensors file."""
    return safetensors.torch.save({k: v.detach().contiguous().cpu() for k, v in weights.items()})


def load_weights(model: nn.Module, weights: bytes) -> None:
    """Copy the tensors of a safetensors file into the parameters of `model`.

    Raises:
        RunError: names or shapes differ.
    """
    tensors = safetensors.torch.load(weights)
    parameters = dict(model.named_parameters())
    shapes = {name: tuple(p.shape) for name, p in parameters.items()}
    stored = {name: tuple(t.shape) for name, t in tensors.items()}
    if shapes != stored:
        mismatch = sorted(set(shapes.items()) ^ set(stored.items()))[0]
        raise RunError(
            "the checkpoint belongs to another model", found=f"{mismatch[0]} {mismatch[1]}"
        )
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[name])


def weights_sha256(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over name, shape, dtype and bytes of each parameter, sorted by name."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _optimizer_tensors(state: TrainState) -> dict[str, Tensor]:
    return {
        f"{name}/{key}": value
        for name, parameter in state.model.named_parameters()
        for key, value in state.optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def _restore_optimizer(state: TrainState, tensors: Mapping[str, Tensor]) -> None:
    parameters = dict(state.model.named_parameters())
    for path, tensor in tensors.items():
        name, key = path.rsplit("/", 1)
        state.optimizer.state[parameters[name]][key] = tensor.to(parameters[name].device)

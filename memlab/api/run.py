"""A run in a notebook: its record, its model, and commands while it trains."""

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

from memlab.api.columns import Columns
from memlab.api.events import Events
from memlab.record.ask import ask
from memlab.record.commands import CheckpointNow, Edit, Pause, Resume, Stop
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import reference
from memlab.record.snapshot import Snapshot
from memlab.record.status import Status
from memlab.record.summary import current_preset, settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from memlab.models.trace import Trace
    from memlab.models.transformer import Transformer
    from memlab.preset.schema import Preset
    from memlab.tasks.task import Vocabulary
    from memlab.training.predictions import Prediction
    from memlab.training.trained_model import TrainedModel


@final
class Run:
    """A run at the time it was opened; `refresh()` reads what was recorded since.

    Reading loads numpy only. `model`, `predict` and `trace` load torch. Errors are `MemlabError`.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.history = History(folder)
        self.history.verify()
        if damage := self.history.damage:
            warnings.warn(
                f"{folder.path.name}: {damage}; run `memlab doctor {reference(folder)}`",
                RuntimeWarning,
                stacklevel=3,
            )
        self._trained: dict[str, TrainedModel] = {}

    def __repr__(self) -> str:
        return f"<run {self.name!r}: {self.id}, {self.status} at step {self.step:,}>"

    @property
    def id(self) -> str:
        return self.history.folder.path.name

    @property
    def path(self) -> Path:
        return self.history.folder.path

    @property
    def name(self) -> str:
        return self.history.folder.labels().name

    @property
    def status(self) -> Status:
        """Current status: running, paused, finished, ..."""
        return self.history.folder.status()

    def refresh(self) -> Self:
        """Read what was recorded since the last read; returns the run itself."""
        if self.history.refresh():
            self._trained.clear()
        for name in ("_snapshot", "steps", "evaluations", "events", "preset"):
            self.__dict__.pop(name, None)
        return self

    @cached_property
    def _snapshot(self) -> Snapshot:
        return self.history.until()

    @property
    def step(self) -> int:
        """The last recorded step."""
        return self._snapshot.last_step

    @property
    def description(self) -> dict[str, Any]:
        """Contents of `run.json`: preset, versions, hardware and seeds at creation."""
        folder = self.history.folder
        if "preset" not in folder.description:
            return folder.description
        return {**folder.description, "preset": current_preset(folder, self._snapshot)}

    @property
    def settings(self) -> dict[str, Any]:
        """Dotted keys to values of its settings now, edits and extensions included."""
        return settings(self.history.folder, self._snapshot)

    @cached_property
    def preset(self) -> "Preset":
        """The settings it trains with, edits and extensions included.

        Raises:
            RunError: `run.json` is damaged.
        """
        from memlab.preset.run_preset import edited_preset

        return edited_preset(self.history.folder)

    @cached_property
    def steps(self) -> Columns:
        """Per-step columns (step,): `run.steps["loss"]` in nats, grad_norm, lr, ..."""
        return Columns(self._snapshot.steps)

    @cached_property
    def evaluations(self) -> Columns:
        """Columns over evaluations (evaluation,): `run.evaluations["val_loss"]` in nats, ..."""
        return Columns(self._snapshot.evaluations)

    @cached_property
    def events(self) -> Events:
        return Events(self._snapshot.events)

    @cached_property
    def _vocabulary(self) -> "Vocabulary":
        return self.preset.task.dataset(self.preset.seeds).vocabulary

    def encode(self, prompt: str) -> list[int]:
        """Token ids of a prompt as the model reads it, BOS first if the task has one.

        Raises:
            DataError: a symbol is not in the vocabulary.
        """
        return self._vocabulary.encode_prompt(prompt)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of token ids, special tokens left out.

        Raises:
            DataError: an id is not in the vocabulary.
        """
        from memlab.errors import DataError

        size = len(self._vocabulary)
        numbers = [int(i) for i in ids]
        for i in numbers:
            if not 0 <= i < size:
                raise DataError("no such token", found=str(i), allowed=f"0 to {size - 1}")
        return self._vocabulary.decode(numbers)

    def _load(self, at: str | int) -> "TrainedModel":
        from memlab.training.trained_model import load_model

        key = str(at)
        if key not in self._trained:
            self._trained[key] = load_model(self.history.folder, key)
        return self._trained[key]

    def model(self, at: str | int = "last") -> "Transformer":
        """The reference `nn.Module` in evaluation mode: (example, position) ids -> logits.

        Args:
            at: `best` (lowest val_loss), `last`, or the step of a checkpoint.

        Returns:
            A copy, which may be modified.

        Raises:
            RunError: there is no such checkpoint.
        """
        from copy import deepcopy

        return deepcopy(self._load(at).model)

    def predict(
        self,
        prompts: str | Sequence[str],
        *,
        at: str | int = "last",
        temperature: float = 0.0,
        top_k: int | None = None,
        seed: int = 0,
    ) -> "list[Prediction]":
        """Complete prompts; each prediction has `prompt`, `answer`, `p` and `tokens`.

        Args:
            prompts: one text or several.
            at: `best`, `last`, or the step of a checkpoint.
            temperature: divides the logits; 0 = greedy.
            top_k: name the k likeliest tokens at each place, and sample only from them.
            seed: of the sampling.

        Raises:
            DataError: a prompt has an unknown symbol or is too long.
        """
        from memlab.training.predictions import complete

        texts = [prompts] if isinstance(prompts, str) else list(prompts)
        return complete(self._load(at), texts, temperature=temperature, top_k=top_k, seed=seed)

    def plot(
        self, kind: str = "curves", *, made_for: str = "web", prompt: str = "", **options: Any
    ) -> "Figure":
        """A matplotlib figure of the run, which a notebook displays.

        Args:
            kind: curves, measure, samples, first-learned, spike, attention, spectrum or
                logit-table; `memlab plot` lists all.
            made_for: width and fonts: paper, icml, icml-wide, slides or web.
            prompt: input for attention; empty = a validation example.
            options: `measure`, `at` (a step; for figures of a model also `best` and `last`)
                and `spike` (its number), for kinds that use them.

        Raises:
            MemlabError: there is no such kind or option, or nothing to draw.
        """
        from memlab.figures.draw import draw
        from memlab.figures.make import OF_A_MODEL, figure_of, figure_options
        from memlab.figures.source import RunSource
        from memlab.figures.style import style_of

        if kind in OF_A_MODEL:
            from memlab.api.model_figures import model_figure_data

            style, at = style_of(made_for), options.pop("at", None)
            shown = figure_options(style, options)
            return draw(model_figure_data(self, kind, shown, prompt=prompt, at=at), style)
        run = RunSource(self.history.folder, options.get("at"))
        return figure_of(kind, [run], None, made_for, options)

    def checkpoint_step(self, at: str | int = "last") -> int:
        """The step of a checkpoint that is given as `best`, `last`, or a step."""
        return self._load(at).step

    def trace(self, prompts: str | Sequence[str], *, at: str | int = "last") -> "Trace":
        """The activations of a forward pass by name, in a `with` block.

        Args:
            prompts: one text, or several of equal length in tokens.
            at: `best`, `last`, or the step of a checkpoint.

        Returns:
            A mapping from name to tensor; `memlab.models.trace` lists names and shapes.

        Raises:
            DataError: a prompt has an unknown symbol, is too long, or lengths differ.
        """
        import torch

        from memlab.errors import DataError
        from memlab.models.trace import Trace
        from memlab.training.predictions import encode_prompt

        texts = [prompts] if isinstance(prompts, str) else list(prompts)
        model = self.model(at)
        ids = [encode_prompt(text, self._vocabulary, model.n_ctx) for text in texts]
        if len({len(row) for row in ids}) != 1:
            raise DataError(
                "prompts of a trace have equal lengths",
                found=", ".join(f"{len(row)} tokens" for row in ids) or "no prompt",
                hint="trace them one by one",
            )
        return Trace(model, torch.tensor(ids, device=model.token.weight.device))

    def pause(self) -> Self:
        """Pause the live run after the current update; returns when it is paused.

        Raises:
            RunError: no process trains it.
        """
        ask(self.history.folder, Pause())
        return self.refresh()

    def resume(self, overrides: Mapping[str, Any] | None = None, *, progress: bool = True) -> Self:
        """Continue a paused run, or train a run that has ended from its last checkpoint.

        Args:
            overrides: settings to change first, e.g. `{"training.steps": 2000}`.
            progress: show a progress bar if the run had ended.

        Raises:
            MemlabError: a setting cannot change now, or training failed.
        """
        from memlab.api.train import train
        from memlab.record.ask import LIVE

        if self.status in LIVE:
            if overrides:
                self.edit(overrides)
            ask(self.history.folder, Resume())
        else:
            train(self.history.folder, edits=overrides or {}, progress=progress)
        return self.refresh()

    def edit(self, changes: Mapping[str, Any]) -> Self:
        """Change settings of the live run: `run.edit({"optimizer.lr": 1e-4})`.

        Raises:
            PresetError: a setting is unknown, may not change while training, or has a bad value.
            RunError: no process trains it.
        """
        from memlab.api.overrides import override_texts
        from memlab.preset.edit import read_edits

        edits = read_edits(self.preset, override_texts(changes))
        ask(self.history.folder, Edit(edits))
        return self.refresh()

    def checkpoint(self) -> Self:
        """Save a checkpoint of the live run; returns when it is committed.

        Raises:
            RunError: no process trains it.
        """
        ask(self.history.folder, CheckpointNow())
        return self.refresh()

    def stop(self) -> Self:
        """Save a checkpoint and end the live run; returns when it has ended.

        Raises:
            RunError: no process trains it.
        """
        ask(self.history.folder, Stop())
        return self.refresh()

    def _repr_html_(self) -> str:
        from html import escape

        return f"<code>{escape(repr(self))}</code>"

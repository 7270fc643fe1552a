"""The activations of a forward pass, by name.

    embedding                    (prompt, position, d_model)
    blocks.0.residual_pre        (prompt, position, d_model)   the residual stream before block 0
    blocks.0.attention.q, k, v   (prompt, head, position, head size), after rotary positions
    blocks.0.attention.pattern   (prompt, head, query, key)    rows sum to 1
    blocks.0.attention.out       (prompt, position, d_model)   output of the attention, added to the stream
    blocks.0.residual_mid        (prompt, position, d_model)   between attention and MLP
    blocks.0.mlp.hidden          (prompt, position, d_mlp)     after the nonlinearity
    blocks.0.mlp.out             (prompt, position, d_model)   output of the MLP, added to the stream
    blocks.0.residual_post       (prompt, position, d_model)
    ...
    logits                       (prompt, position, d_vocab)

Forward hooks on the model record them. Queries, keys, values and patterns, which no module returns, are
recomputed from the input of the attention.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, final

import torch
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from memlab.models.attention import Attention
from memlab.models.layout import Causal
from memlab.models.transformer import Block, Transformer


@final
class Trace(Mapping[str, Tensor]):
    """The activations of the last forward pass of `model` inside a `with` block.

    Entering the block runs the model on `tokens`. Another call of the model inside the block replaces
    the activations. Leaving the block removes the hooks and keeps the activations, which are detached
    tensors.

    Args:
        model: in evaluation mode; its dropout is not recorded.
        tokens: (prompt, position) token ids.
    """

    def __init__(self, model: Transformer, tokens: Tensor) -> None:
        self.model, self.tokens = model, tokens
        self._activations: dict[str, Tensor] = {}
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        hooks = self._hooks
        hooks.append(self.model.register_forward_pre_hook(self._clear))
        hooks.append(self.model.dropout.register_forward_hook(self._record("embedding")))
        for i, block in enumerate(self.model.blocks):
            hooks.extend(self._hook_block(f"blocks.{i}", block))
        hooks.append(self.model.register_forward_hook(self._record("logits")))
        try:
            with torch.no_grad():
                self.model(self.tokens)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def __getitem__(self, name: str) -> Tensor:
        return self._activations[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._activations)

    def __len__(self) -> int:
        return len(self._activations)

    def __repr__(self) -> str:
        return f"<activations of {tuple(self.tokens.shape)} tokens: {len(self)} tensors>"

    def _clear(self, *_: Any) -> None:
        self._activations.clear()

    def _hook_block(self, name: str, block: Block) -> Iterator[RemovableHandle]:
        """Register hooks in the order of the computation, which is the order of the names."""
        yield block.register_forward_pre_hook(self._record_input(f"{name}.residual_pre"))
        attention = self._record_attention(f"{name}.attention")
        yield block.attention.register_forward_hook(attention)
        yield block.norm_2.register_forward_pre_hook(self._record_input(f"{name}.residual_mid"))
        yield block.mlp.down.register_forward_pre_hook(self._record_input(f"{name}.mlp.hidden"))
        yield block.mlp.register_forward_hook(self._record(f"{name}.mlp.out"))
        yield block.register_forward_hook(self._record(f"{name}.residual_post"))

    def _keep(self, name: str, value: Tensor) -> None:
        self._activations[name] = value.detach()

    def _record(self, name: str) -> Callable[..., None]:
        def record(module: Any, inputs: Any, output: Tensor) -> None:
            self._keep(name, output)

        return record

    def _record_input(self, name: str) -> Callable[..., None]:
        def record(module: Any, inputs: tuple[Any, ...]) -> None:
            self._keep(name, inputs[0])

        return record

    def _record_attention(self, name: str) -> Callable[..., None]:
        @torch.no_grad()
        def record(attention: Attention, inputs: tuple[Tensor, Causal], output: Tensor) -> None:
            x, pattern = inputs
            recording = _RecordingPattern(pattern.positions)
            attention.forward(x, recording)
            for part, value in recording.recorded.items():
                self._keep(f"{name}.{part}", value)
            self._keep(f"{name}.out", output)

        return record


class _RecordingPattern(Causal):
    """Records queries, keys, values and attention weights of a block."""

    def __init__(self, positions: Tensor) -> None:
        super().__init__(positions)
        self.recorded: dict[str, Tensor] = {}

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """(prompt, position, head, size) three times -> the same shape."""
        by_head = (z.transpose(1, 2) for z in (q, k, v))  # (prompt, head, position, size)
        self.recorded = dict(zip("qkv", by_head, strict=True))
        scores = self.recorded["q"] @ self.recorded["k"].mT / math.sqrt(q.shape[-1])
        future = self.positions > self.positions.unsqueeze(1)  # (query, key)
        self.recorded["pattern"] = scores.masked_fill(future, -torch.inf).softmax(-1)
        return super().attend(q, k, v, dropout)

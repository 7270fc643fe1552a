"""A model of a run as numpy arrays, the input of measures."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import final

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from memlab.measures.model_view import Floats, LogitTable, ModelView
from memlab.models.layout import Causal, EveryPosition
from memlab.models.transformer import Transformer
from memlab.tasks.cyclic_group import CyclicGroup
from memlab.training.engines.plain import Plain
from memlab.training.run_data import RunData

WATCHED_EXAMPLES = 256
"""number of training examples, the first ones, on which attention is measured"""
HESSIAN_EXAMPLES = 4096
"""number of training examples, the first ones, for the Hessian"""
LARGEST_GROUP = 256
"""maximum number of elements of a group; its table of float64 logits then takes 128 MiB"""
CHUNK = 4096
"""prompts per forward pass"""


class WatchedAttention(Causal):
    """Standard attention that passes its weights to `keep`."""

    def __init__(self, positions: Tensor, keep: Callable[[Tensor], None]) -> None:
        super().__init__(positions)
        self._keep = keep

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """(example, position, head, size) three times -> the same; without dropout."""
        q, k, v = (z.transpose(1, 2) for z in (q, k, v))
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5  # (example, head, query, key)
        future = torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1)
        weights = scores.masked_fill(future, -torch.inf).softmax(-1)
        self._keep(weights)
        y: Tensor = (weights @ v).transpose(1, 2)
        return y


class WatchedPositions(EveryPosition):
    """Every position of every example; records the attention weights of each block."""

    def __init__(self, tokens: Tensor) -> None:
        super().__init__(tokens)
        self.weights: list[Tensor] = []
        """one (example, head, query, key) per block"""

    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> WatchedAttention:
        """Blocks are computed in order, so `weights` is in the order of the blocks."""
        return WatchedAttention(self.positions, self.weights.append)


@torch.no_grad()
def attention_weights(model: Transformer, tokens: Tensor) -> list[Floats]:
    """For each layer the attention weights (example, head, query, key) of `tokens`.

    Args:
        model: the weights; set to evaluation mode.
        tokens: (example, position) token ids, the input of the model.
    """
    layout = WatchedPositions(tokens)
    model.eval().residual(layout)
    return [_array(weights) for weights in layout.weights]


@final
class ModelArrays(ModelView):
    """The arrays of a model of a run.

    Args:
        model: the weights; set to evaluation mode.
        run_data: the data of the run.
        keys: key frequencies; None = those of this model.
    """

    def __init__(
        self, model: Transformer, run_data: RunData, keys: tuple[int, ...] | None = None
    ) -> None:
        self.model, self.run_data, self.keys = model.eval(), run_data, keys

    @cached_property
    def weights(self) -> Mapping[str, Floats]:
        return {name: _array(weight) for name, weight in self.model.named_parameters()}

    @cached_property
    def table(self) -> LogitTable | None:
        """The logits of the whole operation table; None if it is not cyclic or is too large."""
        table = self.run_data.preset.task.cyclic_table()
        if table is None or table.group.n > LARGEST_GROUP:
            return None
        return self._table(table.group, table.columns, table.elements)

    @torch.no_grad()
    def _table(self, group: CyclicGroup, columns: tuple[int, int], elements: int) -> LogitTable:
        splits = self.run_data.dataset.splits
        tokens = np.concatenate([split.tokens for split in splits.values()])  # (problem, position)
        is_train = np.repeat([name == "train" for name in splits], list(map(len, splits.values())))
        answer = int(next(iter(splits.values())).answer[0].argmax())
        # (element,) index in the group of each element as left and right operand; -1 = not in it
        left, right = np.full((2, elements), -1)
        left[group.left], right[group.right] = np.arange(group.n), np.arange(group.n)
        x, y = left[tokens[:, columns[0]]], right[tokens[:, columns[1]]]
        inside = (x >= 0) & (y >= 0)  # (problem,) both operands belong to the group
        prompts = torch.from_numpy(tokens[inside][:, :answer]).to(self.run_data.device)
        parts = [self.model(part)[:, -1, :elements] for part in torch.split(prompts, CHUNK)]
        logits = np.empty((group.n, group.n, elements))  # (x, y, element)
        train = np.zeros((group.n, group.n), np.bool_)  # (x, y)
        logits[x[inside], y[inside]] = _array(torch.cat(parts))
        train[x[inside], y[inside]] = is_train[inside]
        return LogitTable(group, logits, train)

    @torch.no_grad()
    def margins(self, split: str) -> Floats:
        """(target,) logit of the target minus the largest other logit; empty without the split."""
        if not len(self.run_data.dataset.splits.get(split, ())):
            return np.empty(0)
        parts = []
        for plan in self.run_data.eval_split(split).plans:
            logits = plan.target_logits(self.model).double()
            target = plan.targets.unsqueeze(1)  # (target, 1)
            others = logits.scatter(1, target, -torch.inf).amax(1)
            parts.append(_array(logits.gather(1, target).squeeze(1) - others))
        return np.concatenate(parts)

    def attention(self) -> list[Floats]:
        """For each layer (example, head, query, key), of the first training examples."""
        tokens = self.run_data.facts.train.tokens[:WATCHED_EXAMPLES, :-1]
        return attention_weights(
            self.model, torch.from_numpy(np.ascontiguousarray(tokens)).to(self.run_data.device)
        )

    def hessian_product(self, vector: Floats) -> Floats:
        """Product of the Hessian of the training loss and `vector` (parameter,), in float64.

        It is the gradient of the dot product of gradient and vector (Pearlmutter 1994).
        """
        parameters, gradients = self._gradients
        sizes = [p.numel() for p in parameters]
        directions = torch.split(torch.from_numpy(vector), sizes)
        inner = sum(
            (g.flatten() @ d.to(g.device)) for g, d in zip(gradients, directions, strict=True)
        )
        assert isinstance(inner, Tensor)
        products = torch.autograd.grad(inner, parameters, retain_graph=True, materialize_grads=True)
        return _array(torch.cat([product.flatten() for product in products]))

    @cached_property
    def _gradients(self) -> tuple[list[Tensor], list[Tensor]]:
        """Parameters of a float64 copy, and their gradients with their autograd graph."""
        copy = Transformer(self.model.settings, self.model.d_vocab, self.model.n_ctx)
        copy.load_state_dict(self.model.state_dict())
        copy = copy.double().eval().to(self.run_data.device)
        sequences = self.run_data.choice.engine.sequences
        index = np.arange(min(HESSIAN_EXAMPLES, len(sequences)))
        plan = Plain(sequences).batch(index)
        parameters: list[Tensor] = list(copy.parameters())
        with sdpa_kernel(SDPBackend.MATH):  # other backends have no second derivative
            loss = plan.loss(copy, dtype=torch.float64)
            gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        return parameters, list(gradients)


def _array(tensor: Tensor) -> Floats:
    return tensor.detach().double().cpu().numpy()

"""The model, implemented for the rows of a layout; `forward` computes every position."""

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from memlab.models.attention import Attention
from memlab.models.layout import AttentionPattern, EveryPosition, Layout
from memlab.models.linear import linear
from memlab.models.mlp import MLP
from memlab.models.norm import make_norm
from memlab.preset.schema import Model


class Block(nn.Module):
    """Attention and MLP, each after a norm and with a residual connection."""

    def __init__(self, settings: Model, n_ctx: int) -> None:
        super().__init__()
        self.norm_1 = make_norm(settings.norm, settings.d_model, settings.biases)
        self.attention = Attention(settings, n_ctx)
        self.norm_2 = make_norm(settings.norm, settings.d_model, settings.biases)
        self.mlp = MLP(settings)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, x: Tensor, pattern: AttentionPattern) -> Tensor:
        """Input rows (row, d_model) -> output rows (output, d_model)."""
        attended = self.attention(self.norm_1(x), pattern)
        x = pattern.keep(x) + self.dropout(attended)
        out: Tensor = x + self.dropout(self.mlp(self.norm_2(x)))
        return out


def _embedding(rows: int, d_model: int) -> nn.Embedding:
    """An embedding without initial values: drawing them on `meta` would import torch's compiler."""
    return nn.Embedding(rows, d_model, _weight=torch.empty(rows, d_model))


class Transformer(nn.Module):
    """A pre-norm decoder-only transformer like GPT-2.

    The initial weights depend on `seed` alone. Matrices and embeddings are drawn from
    N(0, init_std^2); the projections into the residual stream are divided by sqrt(2 n_layers); biases
    are zero. Dropout uses the global generator of torch.

    Args:
        settings: sizes and options.
        d_vocab: number of tokens.
        n_ctx: number of positions.
        seed: seed of the initial weights.
    """

    def __init__(self, settings: Model, d_vocab: int, n_ctx: int, *, seed: int = 0) -> None:
        super().__init__()
        self.settings, self.d_vocab, self.n_ctx = settings, d_vocab, n_ctx
        d_model, learned = settings.d_model, settings.positions == "learned"
        with torch.device("meta"):  # does not use the global generator
            self.token = _embedding(d_vocab, d_model)
            self.position = _embedding(n_ctx, d_model) if learned else None
            self.dropout = nn.Dropout(settings.dropout)
            blocks = nn.ModuleList(Block(settings, n_ctx) for _ in range(settings.n_layers))
            self.blocks = cast(Sequence[Block], blocks)
            self.norm = make_norm(settings.norm, d_model, settings.biases)
            tied = settings.tie_embeddings
            self.head = None if tied else nn.Linear(d_model, d_vocab, bias=False)
        self._initialize(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _initialize(self, generator: torch.Generator) -> None:
        std = self.settings.init_std
        for name, module in self.named_modules():
            for key, parameter in module.named_parameters(recurse=False):
                # `to_empty` does the same, and imports sympy.
                setattr(module, key, nn.Parameter(torch.empty(parameter.shape)))
            if isinstance(module, nn.Linear | nn.Embedding):
                residual = name.endswith((".out", ".down"))
                scale = 1 / math.sqrt(2 * self.settings.n_layers) if residual else 1.0
                module.weight.normal_(0.0, std * scale, generator=generator)
            elif isinstance(module, nn.LayerNorm | nn.RMSNorm):
                module.weight.fill_(1.0)
            if isinstance(getattr(module, "bias", None), Tensor):
                module.bias.zero_()

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Tokens and positions, both (...) -> residual stream (..., d_model)."""
        x = self.token(tokens)
        if self.position is not None:
            x = x + self.position(positions)
        out: Tensor = self.dropout(x)
        return out

    def logits(self, x: Tensor) -> Tensor:
        """Residual stream (..., d_model) -> logits (..., d_vocab)."""
        weight = self.token.weight if self.head is None else self.head.weight
        return linear(self.norm(x), weight)

    def residual(self, layout: Layout) -> Tensor:
        """The residual stream after the last block, (output, d_model) for the rows of a layout."""
        x = self.embed(layout.tokens, layout.positions)
        for i, block in enumerate(self.blocks):
            x = block(x, layout.attention_pattern(i, len(self.blocks), self.settings.n_heads))
        return x

    def forward(self, tokens: Tensor) -> Tensor:
        """(example, position) token ids -> logits (example, position, d_vocab)."""
        return self.logits(self.residual(EveryPosition(tokens)))

"""Small token sets for tests of the engines."""

import torch

from memlab.models.transformer import Transformer
from memlab.preset.schema import Model
from memlab.training.engines.engine import Sequences


def equations(modulus: int = 5, first: int = 0) -> Sequences:
    """`BOS a OP b EQ c EOS`; the first `first` tokens after BOS have no loss."""
    a, b = torch.cartesian_prod(torch.arange(modulus), torch.arange(modulus)).T
    full = torch.full_like(a, modulus)
    columns = [full, a, full + 1, b, full + 2, (a + b) % modulus, full + 3]
    tokens = torch.stack(columns, 1)
    targets = tokens[:, 1:].clone()
    targets[:, :first] = -1
    return Sequences(tokens.numpy(), targets.numpy())


def repeated(times: int = 9) -> Sequences:
    """One sentence, repeated."""
    tokens = torch.tensor([[0, 3, 1, 4, 1, 5, 2, 6]]).repeat(times, 1)
    return Sequences(tokens.numpy(), tokens[:, 1:].numpy())


def ragged(n: int = 40, length: int = 7, d_vocab: int = 3, seed: int = 0) -> Sequences:
    """Short random prefixes with duplicates; answers of random length and position, or none."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(d_vocab, (n, length), generator=generator)
    keep = torch.rand(n, length - 1, generator=generator) < 0.4
    return Sequences(tokens.numpy(), tokens[:, 1:].where(keep, -1).numpy())


def make_model(sequences: Sequences, **switches: object) -> Transformer:
    """A float64 model in which every parameter affects the output."""
    settings = Model(**({"d_model": 16, "n_heads": 2, "init_std": 0.3} | switches))
    d_vocab, n_ctx = int(sequences.tokens.max()) + 1, sequences.tokens.shape[1] - 1
    model = Transformer(settings, d_vocab, n_ctx, seed=1).double()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for p in model.parameters():
            p += 0.1 * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    return model


def gradient(model: Transformer) -> torch.Tensor:
    """All gradients in one vector; clears those of the model."""
    flat = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    model.zero_grad()
    return flat

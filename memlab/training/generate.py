"""Generates tokens after prompts, with a cache of keys and values.

Prompts of different lengths are batched without padding: all sequences are at the same position, and a
sequence that is still inside its prompt takes the next token of the prompt instead of a generated
token. So positions, masks and results equal those of each prompt alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from memlab.models.layout import AttentionPattern, Layout
from memlab.models.transformer import Transformer


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen."""

    temperature: float = 0.0
    """divides the logits; 0 = greedy"""
    top_k: int | None = None
    """sample only from this many most likely tokens; None = from all tokens"""
    generator: torch.Generator | None = None
    """random generator on the CPU; None = the global generator of torch"""

    def draw(self, logits: Tensor) -> Tensor:
        """Logits (sequence, d_vocab) -> chosen tokens (sequence, 1)."""
        if self.temperature == 0.0:
            return logits.argmax(-1, keepdim=True)
        # Subtract the maximum first, so that a small temperature does not overflow.
        scaled = (logits - logits.amax(-1, keepdim=True)) / self.temperature
        if self.top_k is not None and self.top_k < logits.shape[-1]:
            least = logits.topk(self.top_k).values[:, -1:]
            scaled = scaled.masked_fill(logits < least, -torch.inf)
        return torch.multinomial(scaled.softmax(-1), 1, generator=self.generator)


GREEDY = Sampling()


@dataclass(frozen=True)
class Generated:
    """The continuation of one prompt."""

    tokens: list[int]
    """generated tokens, including the end token if it was reached"""
    p: list[float]
    """probability of each token at temperature 1, among all tokens"""
    likeliest: list[list[tuple[int, float]]] = field(default_factory=list)
    """for each token the `top_k` most likely (token, probability) at its position, if requested"""


class CachedAttention(AttentionPattern):
    """New positions attend to cached keys and values, and to new positions up to their own."""

    def __init__(self, keys: Tensor, values: Tensor, positions: Tensor, read: int) -> None:
        self.keys, self.values, self.read = keys, values, read
        """keys and values (sequence, head, position, size), filled below position `read`"""
        self.positions = positions

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """(sequence, new position, head, size) three times -> the same shape."""
        start, end = self.read, self.read + q.shape[1]
        q, self.keys[:, :, start:end], self.values[:, :, start:end] = (
            z.transpose(1, 2) for z in (q, k, v)
        )
        # (new position, position)
        mask = torch.arange(end, device=q.device) <= self.positions.unsqueeze(1)
        y = F.scaled_dot_product_attention(
            q, self.keys[:, :, :end], self.values[:, :, :end], attn_mask=mask
        )
        return y.transpose(1, 2)


class CachedPositions(Layout):
    """The next positions of sequences whose earlier positions are cached."""

    def __init__(self, tokens: Tensor, keys: Tensor, values: Tensor, read: int) -> None:
        self.tokens = tokens
        self.positions = torch.arange(read, read + tokens.shape[1], device=tokens.device)
        self.keys, self.values, self.read = keys, values, read

    def attention_pattern(self, block: int, n_blocks: int, n_heads: int) -> CachedAttention:
        """Each block has its own keys and values."""
        return CachedAttention(self.keys[block], self.values[block], self.positions, self.read)


class CachedModel:
    """A model with a cache of keys and values, each (layer, sequence, head, position, size)."""

    def __init__(self, model: Transformer, n_sequences: int) -> None:
        settings, weight = model.settings, model.token.weight
        size = settings.d_model // settings.n_heads
        shape = (settings.n_layers, n_sequences, settings.n_heads, model.n_ctx, size)
        self.model, self.read = model, 0
        self.keys, self.values = weight.new_empty(shape), weight.new_empty(shape)

    def __call__(self, tokens: Tensor) -> Tensor:
        """The next (sequence, position) tokens -> logits (sequence, d_vocab) after the last."""
        x = self.model.residual(CachedPositions(tokens, self.keys, self.values, self.read))
        self.read += tokens.shape[1]
        return self.model.logits(x[:, -1:]).squeeze(1)


class RecomputedModel:
    """A model whose `forward` is run over all positions for every token."""

    def __init__(self, model: Transformer, n_sequences: int) -> None:
        self.model = model
        self.tokens = torch.empty(
            n_sequences, 0, dtype=torch.int64, device=model.token.weight.device
        )

    def __call__(self, tokens: Tensor) -> Tensor:
        """The next (sequence, position) tokens -> logits (sequence, d_vocab) after the last."""
        self.tokens = torch.cat([self.tokens, tokens], 1)
        logits: Tensor = self.model(self.tokens)[:, -1]
        return logits


@torch.inference_mode()
def generate(
    model: Transformer,
    prompts: Sequence[Sequence[int]],
    max_new: int,
    eos: int | None = None,
    sampling: Sampling = GREEDY,
) -> list[Generated]:
    """Continue each prompt until `eos`, `max_new` tokens or the end of the context.

    Args:
        model: in evaluation mode.
        prompts: token ids, 1 to `model.n_ctx` per prompt.
        max_new: maximum number of tokens to generate per prompt.
        eos: the token that ends an answer.
        sampling: how tokens are chosen.
    """
    assert not model.training and all(1 <= len(prompt) <= model.n_ctx for prompt in prompts)
    device, lengths = model.token.weight.device, [len(prompt) for prompt in prompts]
    # The cache supports changed blocks, but not a changed `forward` of the whole model.
    unchanged = type(model).forward is Transformer.forward
    next_logits = (CachedModel if unchanged else RecomputedModel)(model, len(prompts))
    sequences = [list(prompt) for prompt in prompts]
    p: list[list[float]] = [[] for _ in prompts]
    likeliest: list[list[list[tuple[int, float]]]] = [[] for _ in prompts]
    start, end = 0, min(lengths)  # positions of the next input
    while any(
        _is_unfinished(tokens, length, max_new, model.n_ctx, eos)
        for tokens, length in zip(sequences, lengths, strict=True)
    ):
        inputs = torch.tensor([tokens[start:end] for tokens in sequences], device=device)
        logits = next_logits(inputs).double().cpu()  # (sequence, d_vocab)
        chosen = sampling.draw(logits)
        probabilities = logits.softmax(-1)
        likely = probabilities.gather(1, chosen).squeeze(1).tolist()
        best = _likeliest(probabilities, sampling.top_k)
        start, end = end, end + 1
        for i, token in enumerate(chosen.squeeze(1).tolist()):
            if len(sequences[i]) < end:  # past its prompt
                sequences[i].append(token)
                p[i].append(likely[i])
                likeliest[i].append(best[i])
    return [
        _cut(Generated(tokens[length:], q, top), max_new, eos)
        for tokens, q, top, length in zip(sequences, p, likeliest, lengths, strict=True)
    ]


def _likeliest(probabilities: Tensor, top_k: int | None) -> list[list[tuple[int, float]]]:
    """(sequence, d_vocab) -> the `top_k` most likely tokens of each sequence, most likely first."""
    if top_k is None:
        return [[] for _ in probabilities]
    p, tokens = probabilities.topk(min(top_k, probabilities.shape[-1]))
    return [list(zip(*row, strict=True)) for row in zip(tokens.tolist(), p.tolist(), strict=True)]


def _is_unfinished(
    tokens: list[int], length: int, max_new: int, n_ctx: int, eos: int | None
) -> bool:
    """Whether a sequence with a prompt of `length` needs another token.

    `n_ctx` + 1 tokens fit, since the last token is not an input.
    """
    new = tokens[length:]
    return len(new) < max_new and len(tokens) <= n_ctx and (eos is None or eos not in new)


def _cut(generated: Generated, max_new: int, eos: int | None) -> Generated:
    """Remove tokens that were generated only because other sequences were unfinished."""
    new = generated.tokens
    end = new.index(eos) + 1 if eos in new else len(new)
    end = min(end, max_new)
    return Generated(new[:end], generated.p[:end], generated.likeliest[:end])

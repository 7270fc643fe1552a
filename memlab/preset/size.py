"""Parameter count, operations and memory of a model, in closed form."""

from dataclasses import dataclass

from memlab.preset.schema import Model, Optimizer
from memlab.record.example_history import MAX_EXAMPLES

EXAMPLE_BYTES = 17
"""bytes of an example's history in a checkpoint"""
STATE_BYTES = 16_000
"""bytes of a checkpoint's `state.json` and hashes, mostly the state of the spike detector"""

EVAL_BATCH = 8192
"""examples per forward pass of an evaluation"""

GATED = frozenset({"swiglu"})
"""gated activations: two matrices instead of one lead into the MLP's hidden layer"""


@dataclass(frozen=True)
class RowCounts:
    """Numbers of rows that a forward pass computes."""

    embedded: int
    """rows that the first block projects to queries, keys and values"""
    inner: int
    """output rows of every block but the last, from which the last computes keys and values"""
    queries: int
    """queries of the last block"""
    outputs: int
    """output rows of the last block, from which logits are computed"""
    reads: int
    """(query, key) pairs in an inner block"""
    dense: int = 0
    """number of examples with dense attention; 0 = attention along edges"""

    @classmethod
    def every_position(cls, examples: int, length: int) -> "RowCounts":
        """All `length` positions of each example in every block."""
        rows = examples * length
        return cls(rows, rows, rows, rows, rows * (length + 1) // 2, dense=examples)


def parameter_count(model: Model, d_vocab: int, n_ctx: int) -> int:
    """Parameters of the transformer with these settings."""
    d_model, d_mlp = model.d_model, d_mlp_of(model)
    bias = int(model.biases)
    norm = {"layernorm": d_model * (1 + bias), "rmsnorm": d_model, "none": 0}[model.norm]
    attention = _linear(d_model, 3 * d_model, bias) + _linear(d_model, d_model, bias)
    mlp = _ups(model) * _linear(d_model, d_mlp, bias) + _linear(d_mlp, d_model, bias)
    positions = n_ctx * d_model if model.positions == "learned" else 0
    head = 0 if model.tie_embeddings else d_model * d_vocab
    return (
        d_vocab * d_model + positions + model.n_layers * (2 * norm + attention + mlp) + norm + head
    )


def products(model: Model, d_vocab: int, rows: RowCounts) -> float:
    """Floating point operations of the matrix products of forward and backward pass together."""
    square = model.d_model**2  # one of q, k, v, or the output projection
    rest = square + (_ups(model) + 1) * model.d_model * d_mlp_of(model)
    inner = model.n_layers - 1
    projected = 3 * rows.embedded + max(0, inner - 1) * 3 * rows.inner
    if inner:
        projected += 2 * rows.inner + rows.queries
    weighted = projected * square + (inner * rows.inner + rows.outputs) * rest
    return 6.0 * (weighted + rows.outputs * model.d_model * d_vocab)


def activation_bytes(model: Model, d_vocab: int, rows: RowCounts) -> int:
    """Bytes in float32 that the backward pass reads, rounded up.

    Of each row and block two norms, qkv, attention's output, the residual stream, the MLP's hidden
    layer before and after its activation (gated: four times); of each read the attention weights;
    at the end the logits with their gradient.
    """
    d_model = model.d_model
    row = 10 * d_model + 2 * _ups(model) * d_mlp_of(model)
    row += 4 * d_model * (model.positions == "rotary") + 4 * d_model * (model.norm == "rmsnorm")
    n_outputs = (model.n_layers - 1) * rows.inner + rows.outputs
    if rows.dense:  # dense attention computes the whole square of each example
        attention = n_outputs * 2 * model.n_heads * (rows.inner // rows.dense)
    else:
        attention = 12 * model.n_layers * model.n_heads * rows.reads
    return 4 * (n_outputs * row + attention + rows.outputs * (4 * d_model + 3 * d_vocab))


def memory_bytes(model: Model, d_vocab: int, n_ctx: int, examples_at_once: int) -> int:
    """Bytes that a training step of the plain engine needs in float32, rounded up.

    Weights, gradients, Adam's two means, and what the backward pass reads. The faster engines need
    less; the program itself is not included.
    """
    rows = RowCounts.every_position(examples_at_once, n_ctx)
    weights = 4 * 4 * parameter_count(model, d_vocab, n_ctx)
    return weights + activation_bytes(model, d_vocab, rows)


def evaluation_bytes(model: Model, d_vocab: int, n_ctx: int, n_examples: int) -> int:
    """Bytes that the forward pass of an evaluation needs in float32, rounded up.

    Without gradients only one block is in memory at a time: per row the residual stream and its
    norm, and either qkv with the output of attention or the MLP's hidden layers; at the end the
    logits twice, in float32 and float64 for the loss.

    Args:
        n_examples: of the largest split, of which `EVAL_BATCH` are evaluated at once.
    """
    rows = min(n_examples, EVAL_BATCH) * n_ctx
    attention = 8 * model.d_model + model.n_heads * n_ctx
    mlp = 5 * model.d_model + (_ups(model) + 1) * d_mlp_of(model)
    return 4 * (parameter_count(model, d_vocab, n_ctx) + rows * max(attention, mlp, 6 * d_vocab))


def checkpoint_bytes(parameters: int, optimizer: Optimizer, n_examples: int) -> int:
    """Bytes of a resumable checkpoint: weights, moments, example history."""
    moments = int(optimizer.momentum > 0) if optimizer.kind == "sgd" else 2
    per_example = EXAMPLE_BYTES * n_examples if n_examples <= MAX_EXAMPLES else 0
    return 4 * parameters * (1 + moments) + per_example + STATE_BYTES


def d_mlp_of(model: Model) -> int:
    """Hidden units of each MLP."""
    return model.d_mlp or 4 * model.d_model


def is_gated(model: Model) -> bool:
    """Whether the MLP has a gate next to `up`."""
    return model.activation in GATED


def _ups(model: Model) -> int:
    """Number of matrices from the residual stream into the hidden layer of the MLP."""
    return 2 if is_gated(model) else 1


def _linear(n_in: int, n_out: int, bias: int) -> int:
    return n_out * (n_in + bias)

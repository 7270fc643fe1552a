"""Parameter count and memory of a model, in closed form."""

from memlab.preset.schema import Model


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


def memory_bytes(model: Model, d_vocab: int, n_ctx: int, examples_at_once: int) -> int:
    """Bytes that a training step of the plain engine takes in float32, rounded up.

    Weights, gradients, Adam's two means; of each token what the backward pass reads: per block two
    norms, qkv, attention's output, the residual stream, the MLP's hidden layer before and after its
    nonlinearity (swiglu: four times); at the end the logits with their gradient. The faster forms
    take less; the program itself comes on top.
    """
    d_model, d_mlp = model.d_model, d_mlp_of(model)
    block = 10 * d_model + 2 * _ups(model) * d_mlp + 2 * model.n_heads * n_ctx
    block += 4 * d_model * (model.positions == "rotary") + 4 * d_model * (model.norm == "rmsnorm")
    per_token = model.n_layers * block + 4 * d_model + 3 * d_vocab
    numbers = 4 * parameter_count(model, d_vocab, n_ctx) + per_token * n_ctx * examples_at_once
    return 4 * numbers


def d_mlp_of(model: Model) -> int:
    """Hidden units of each MLP."""
    return model.d_mlp or 4 * model.d_model


def _ups(model: Model) -> int:
    """Matrices from the residual stream into the MLP: swiglu has a gate beside `up`."""
    return 2 if model.activation == "swiglu" else 1


def _linear(n_in: int, n_out: int, bias: int) -> int:
    return n_out * (n_in + bias)

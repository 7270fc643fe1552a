"""Progress measures of the Fourier circuit for modular arithmetic (Nanda et al. 2023).

A model that generalizes computes logits that are sums of cos w(x + y - z) over a few key
frequencies w. Restricted loss keeps only that part of the logits, excluded loss removes it.
Memorization lowers excluded loss, circuit formation lowers restricted loss, and cleanup lowers the
weights' norm while validation loss falls.

Nanda et al. find the key frequencies from the neurons. Here they are those with a share of
`KEY_SHARE` or more of the logits' squared cosine coefficients, which needs no layer by name.
"""

from collections.abc import Mapping

import numpy as np

from memlab.measures.fourier import cosine_coefficients, frequencies, gini, spectrum, waves
from memlab.measures.kinds import ModelMeasure
from memlab.measures.model_view import Floats, LogitTable, ModelView
from memlab.record.measure import Measure

SOURCE = "Nanda et al. 2023, arXiv:2301.05217"
KEY_SHARE = 0.05
"""of all squared coefficients; with 56 frequencies an even spectrum gives each 0.018"""


def key_frequencies(view: ModelView) -> tuple[int, ...]:
    """The key frequencies that were given, else those of this model; ascending."""
    if view.keys is not None or view.table is None:
        return view.keys or ()
    power = cosine_coefficients(_group_logits(view.table)) ** 2  # (frequency,)
    large = power >= KEY_SHARE * power.sum()
    return tuple(k for k, is_key in zip(frequencies(view.table.n), large, strict=True) if is_key)


def _group_logits(table: LogitTable) -> Floats:
    """(x, y, z) the logits of the group's elements in its order."""
    return table.logits[:, :, table.group.answers]


def _key_part(table: LogitTable, keys: tuple[int, ...]) -> Floats:
    """(x, y, element) the projection of the logits on cos and sin w(x + y) of every key."""
    part = np.zeros_like(table.logits)
    for k in keys:
        for wave in waves(table.n, k):
            # (x, y) and (x, y, element) contracted over both inputs: one coefficient per element
            part += wave[:, :, None] * np.tensordot(wave, table.logits, axes=2)
    return part


def _cross_entropy(table: LogitTable, logits: Floats) -> Floats:
    """(x, y) in nats."""
    largest = logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(logits - largest).sum(axis=-1)) + largest[..., 0]
    right = np.take_along_axis(logits, table.answers[:, :, None], axis=-1)[..., 0]
    return np.asarray(log_sum - right)


def restricted_loss(view: ModelView) -> Mapping[str, float]:
    """Over all problems, with the mean over inputs of what was removed added back."""
    table, keys = view.table, key_frequencies(view)
    if table is None or not keys:
        return {}
    part = _key_part(table, keys)  # (x, y, element)
    bias = (table.logits - part).mean(axis=(0, 1))
    return {"restricted_loss": float(_cross_entropy(table, part + bias).mean())}


def excluded_loss(view: ModelView) -> Mapping[str, float]:
    """Over the training problems."""
    table, keys = view.table, key_frequencies(view)
    if table is None or not keys or not table.train.any():
        return {}
    rest = table.logits - _key_part(table, keys)
    return {"excluded_loss": float(_cross_entropy(table, rest)[table.train].mean())}


def cosine_share(view: ModelView) -> Mapping[str, float]:
    """Squared cosine coefficients of the keys over the squared norm of the centred logits."""
    table, keys = view.table, key_frequencies(view)
    if table is None or not keys:
        return {}
    logits = _group_logits(table)
    # softmax ignores a constant added to the logits of a problem
    centred = logits - logits.mean(axis=-1, keepdims=True)
    coefficients = cosine_coefficients(logits)[np.array(keys) - 1]
    return {"cosine_share": float((coefficients**2).sum() / (centred**2).sum())}


def key_count(view: ModelView) -> Mapping[str, float]:
    """Number of key frequencies, and each one's share of the squared coefficients."""
    if view.table is None:
        return {}
    power = cosine_coefficients(_group_logits(view.table)) ** 2
    keys = key_frequencies(view)
    shares = {f"key_frequencies/{k}": float(power[k - 1] / power.sum()) for k in keys}
    return {"key_frequencies": float(len(keys)), **shares}


def embedding_spectrum(view: ModelView) -> Floats | None:
    """(frequency,) norms of the token embedding along the group."""
    table = view.table
    return None if table is None else spectrum(view.weights["token.weight"][table.group.answers])


def embedding_fourier(view: ModelView) -> Mapping[str, float]:
    """The norm of each frequency in the token embedding."""
    norms = embedding_spectrum(view)
    if norms is None:
        return {}
    return {f"embedding_fourier/{k}": float(norm) for k, norm in enumerate(norms, start=1)}


def embedding_gini(view: ModelView) -> Mapping[str, float]:
    """How unequal those norms are."""
    norms = embedding_spectrum(view)
    return {} if norms is None else {"embedding_gini": gini(norms)}


RESTRICTED_LOSS = ModelMeasure(
    Measure(
        "restricted_loss",
        "Cross-entropy over all problems of the logits' key frequencies alone.",
        "nats", 0.0, None, "log", "lower", SOURCE,
    ),
    restricted_loss,
)  # fmt: skip
EXCLUDED_LOSS = ModelMeasure(
    Measure(
        "excluded_loss",
        "Cross-entropy over the training problems of the logits without their key frequencies.",
        "nats", 0.0, None, "log", None, SOURCE,
    ),
    excluded_loss,
)  # fmt: skip
COSINE_SHARE = ModelMeasure(
    Measure(
        "cosine_share",
        "Share of the centred logits' squared norm explained by cos w(a+b-c) of the keys.",
        "1", 0.0, 1.0, "linear", "higher", SOURCE,
    ),
    cosine_share,
)  # fmt: skip
KEY_FREQUENCIES = ModelMeasure(
    Measure(
        "key_frequencies",
        f"Number of frequencies with {KEY_SHARE:.0%} or more of the squared cosine coefficients.",
        "frequencies", 0.0, source=SOURCE,
    ),
    key_count,
)  # fmt: skip
EMBEDDING_FOURIER = ModelMeasure(
    Measure(
        "embedding_fourier",
        "Norm of one frequency in the token embedding.",
        "1", 0.0, source=SOURCE,
    ),
    embedding_fourier,
)  # fmt: skip
EMBEDDING_GINI = ModelMeasure(
    Measure(
        "embedding_gini",
        "Gini coefficient of the embedding's Fourier norms; near 1 = few frequencies.",
        "1", 0.0, 1.0, "linear", None, SOURCE,
    ),
    embedding_gini,
)  # fmt: skip

"""Progress measures of the Fourier circuit for modular arithmetic (Nanda et al. 2023).

A model that generalizes has logits that are sums of cos w(x + y - z) over a few key frequencies w. The
restricted loss keeps only this component of the logits, the excluded loss removes it. Memorization
lowers the excluded loss, circuit formation lowers the restricted loss, and cleanup lowers the weight
norm while the validation loss falls.

Nanda et al. determine the key frequencies from neurons. Here a key frequency has at least `KEY_SHARE` of
the squared cosine coefficients of the logits, which does not depend on the architecture.
"""

from collections.abc import Mapping

import numpy as np

from memlab.measures.fourier import cosine_coefficients, frequencies, gini, spectrum, waves
from memlab.measures.kinds import ModelMeasure
from memlab.measures.model_view import Floats, LogitTable, ModelView
from memlab.record.measure import Measure

SOURCE = "Nanda et al. 2023, arXiv:2301.05217"
KEY_SHARE = 0.05
"""minimum fraction of the squared coefficients; with 56 frequencies, a uniform spectrum has 0.018 each"""


def key_frequencies(view: ModelView) -> tuple[int, ...]:
    """The given key frequencies, otherwise those of this model, ascending; empty without a table."""
    if view.keys is not None or view.table is None:
        return view.keys or ()
    power = cosine_coefficients(_group_logits(view.table)) ** 2  # (frequency,)
    large = power >= KEY_SHARE * power.sum()
    return tuple(k for k, is_key in zip(frequencies(view.table.n), large, strict=True) if is_key)


def _group_logits(table: LogitTable) -> Floats:
    """(x, y, z) logits of the elements of the group, in the order of the group."""
    return table.logits[:, :, table.group.answers]


def _key_part(table: LogitTable, keys: tuple[int, ...]) -> Floats:
    """(x, y, element) projection of the logits on cos w(x + y) and sin w(x + y) for every key w."""
    part = np.zeros_like(table.logits)
    for k in keys:
        for wave in waves(table.n, k):
            # contract (x, y) and (x, y, element) over both operands: one coefficient per element
            part += wave[:, :, None] * np.tensordot(wave, table.logits, axes=2)
    return part


def _cross_entropy(table: LogitTable, logits: Floats) -> Floats:
    """(x, y) cross-entropy in nats."""
    largest = logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(logits - largest).sum(axis=-1)) + largest[..., 0]
    target = np.take_along_axis(logits, table.answers[:, :, None], axis=-1)[..., 0]
    return np.asarray(log_sum - target)


def restricted_loss(view: ModelView) -> Mapping[str, float]:
    """Cross-entropy of the key component over all problems.

    The mean over problems of the removed component is added back, as a bias of the elements.
    """
    table, keys = view.table, key_frequencies(view)
    if table is None or not keys:
        return {}
    part = _key_part(table, keys)  # (x, y, element)
    bias = (table.logits - part).mean(axis=(0, 1))
    return {"restricted_loss": float(_cross_entropy(table, part + bias).mean())}


def excluded_loss(view: ModelView) -> Mapping[str, float]:
    """Cross-entropy over the training problems without the key component."""
    table, keys = view.table, key_frequencies(view)
    if table is None or not keys or not table.train.any():
        return {}
    rest = table.logits - _key_part(table, keys)
    return {"excluded_loss": float(_cross_entropy(table, rest)[table.train].mean())}


def cosine_share(view: ModelView) -> Mapping[str, float]:
    """Squared cosine coefficients of the keys divided by the squared norm of the centred logits."""
    table, keys = view.table, key_frequencies(view)
    if table is None or not keys:
        return {}
    logits = _group_logits(table)
    # softmax is invariant to a constant added to the logits of a problem
    centred = logits - logits.mean(axis=-1, keepdims=True)
    coefficients = cosine_coefficients(logits)[np.array(keys) - 1]
    return {"cosine_share": float((coefficients**2).sum() / (centred**2).sum())}


def key_count(view: ModelView) -> Mapping[str, float]:
    """Number of key frequencies, and the fraction of the squared coefficients of each."""
    if view.table is None:
        return {}
    power = cosine_coefficients(_group_logits(view.table)) ** 2
    keys = key_frequencies(view)
    shares = {f"key_frequencies/{k}": float(power[k - 1] / power.sum()) for k in keys}
    return {"key_frequencies": float(len(keys)), **shares}


def embedding_spectrum(view: ModelView) -> Floats | None:
    """(frequency,) norms of the token embedding along the group; None without a table."""
    table = view.table
    return None if table is None else spectrum(view.weights["token.weight"][table.group.answers])


def embedding_fourier(view: ModelView) -> Mapping[str, float]:
    """Norm of the token embedding at each frequency."""
    norms = embedding_spectrum(view)
    if norms is None:
        return {}
    return {f"embedding_fourier/{k}": float(norm) for k, norm in enumerate(norms, start=1)}


def embedding_gini(view: ModelView) -> Mapping[str, float]:
    """Gini coefficient of the norms of the token embedding."""
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

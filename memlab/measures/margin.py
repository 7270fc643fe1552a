"""Logit margin: logit of the target minus the largest other logit."""

from collections.abc import Mapping

from memlab.measures.kinds import ModelMeasure
from memlab.measures.model_view import ModelView
from memlab.record.measure import Measure


def logit_margin(view: ModelView) -> Mapping[str, float]:
    """Mean over the targets of each split."""
    margins = {split: view.margins(split) for split in ("train", "val")}
    return {f"{s}_logit_margin": float(m.mean()) for s, m in margins.items() if len(m)}


LOGIT_MARGIN = ModelMeasure(
    Measure(
        "logit_margin",
        "Mean over the targets of the target's logit minus the largest other logit.",
        "logits", direction="higher", source="margin of a multiclass classifier",
    ),
    logit_margin,
)  # fmt: skip

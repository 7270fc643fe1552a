"""Cross-entropy, in nats."""

from memlab.measures.kinds import SplitMeasure
from memlab.measures.scores import Predictions
from memlab.record.measure import COLUMN_MEASURES


def mean_loss(predictions: Predictions) -> float:
    """Cross-entropy without label smoothing, mean over the targets in the loss."""
    counted = predictions.loss_mask & predictions.measured
    return float(predictions.scores.nll[counted].mean())


LOSS = SplitMeasure(COLUMN_MEASURES[0], mean_loss)

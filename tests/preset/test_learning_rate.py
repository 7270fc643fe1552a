import math

import pytest

from memlab.preset.learning_rate import learning_rate
from memlab.preset.schema import Optimizer


def test_warmup_rises_linearly_to_the_peak():
    settings = Optimizer(lr=0.1, warmup_steps=10)
    assert [learning_rate(settings, s, 100) for s in (1, 5, 10, 11, 100)] == pytest.approx(
        [0.01, 0.05, 0.1, 0.1, 0.1]
    )


@pytest.mark.parametrize(
    ("schedule", "halfway"), [("linear", 0.5), ("cosine", (1 + math.cos(math.pi / 2)) / 2)]
)
def test_a_schedule_has_its_value_halfway_and_ends_at_the_final_lr(schedule, halfway):
    settings = Optimizer(lr=1.0, warmup_steps=20, schedule=schedule, final_lr_fraction=0.2)
    assert learning_rate(settings, 60, 100) == pytest.approx(0.2 + 0.8 * halfway)
    assert learning_rate(settings, 100, 100) == pytest.approx(0.2)


def test_cosine_agrees_with_torch():
    import torch

    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    settings = Optimizer(lr=0.3, schedule="cosine")
    for step in range(1, 51):
        optimizer.step()
        scheduler.step()
        assert learning_rate(settings, step, 50) == pytest.approx(
            scheduler.get_last_lr()[0], abs=1e-9
        )

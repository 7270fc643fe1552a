"""The criteria of an explanation: for the spike in recomputed losses, and for a cause."""

import numpy as np
import pytest

from memlab.record.events import Edited, Spike
from memlab.training.explain.changes import TrialChange
from memlab.training.explain.trial import TrialResult
from memlab.training.explain.verdict import causes, sentence
from memlab.training.explain.window import Window


def spike(onset=100, peak_step=105, recovered_at=120, **values):
    known = {"base": 0.01, "peak": 1.0, "label": "spike", **values}
    return Spike(step=130, onset=onset, peak_step=peak_step, recovered_at=recovered_at, **known)


def test_the_window_starts_twenty_steps_before_the_onset_and_is_twice_as_long():
    window = Window.around(spike(), (), 1000)
    assert (window.change_at, window.end, window.last) == (80, 120, 160)


def test_the_window_of_a_long_spike_is_limited_but_includes_the_peak():
    assert Window.around(spike(recovered_at=900), (), 9999).last == 80 + 300
    late = Window.around(spike(peak_step=700, recovered_at=900), (), 9999)
    assert late.last == 720


def test_the_window_ends_with_the_run():
    assert Window.around(spike(), (), 140).last == 140


def test_an_edit_shortly_before_the_onset_is_in_the_window():
    edits = tuple(Edited(step=step, changes={"optimizer.lr": 1.0}) for step in (-1, 40, 100))
    window = Window.around(spike(), edits, 1000)
    assert window.edits == edits[1:2]
    assert window.change_at == 40


@pytest.mark.parametrize(
    ("first_high", "effect"),
    [(None, "prevents"), (0, "no effect"), (39, "no effect"), (40, "delays")],
)
def test_the_effect_depends_on_when_the_loss_first_reaches_the_level(first_high, effect):
    window = Window.around(spike(), (), 1000)
    assert window.level == pytest.approx(0.1)
    losses = np.full(80, 0.0999)
    if first_high is not None:
        losses[first_high:] = 0.1001
    assert window.effect(losses) == effect


def test_a_non_finite_loss_counts_as_the_spike():
    window = Window.around(spike(), (), 1000)
    losses = np.full(80, 0.01)
    losses[10] = np.nan
    assert window.effect(losses) == "no effect"


def trial(name, kind, effect):
    return TrialResult(TrialChange(name, kind), effect, np.ones(3), 81)


PLACEBOS = [trial(f"placebo {i}", "placebo", "no effect") for i in range(5)]


def test_a_cause_needs_a_change_that_prevents_the_spike_and_no_placebo_that_does():
    trials = [
        trial("a", "cause", "prevents"),
        trial("b", "cause", "delays"),
        trial("c", "information", "prevents"),
        *PLACEBOS,
    ]
    assert causes(trials) == ["a"]
    text = sentence(Window.around(spike(), (), 1000), trials)
    assert text.startswith("Changed alone, from step 81 on, a prevents the spike at step 100,")
    assert text.endswith("which occurs in all 5 placebos.")
    for effect, n in (("delays", 1), ("prevents", 0)):
        assert len(causes([*trials, trial("placebo 6", "placebo", effect)])) == n


def test_without_a_cause_the_sentence_says_undecided():
    window = Window.around(spike(), (), 1000)
    nothing = [trial("a", "cause", "delays"), *PLACEBOS]
    assert sentence(window, nothing).startswith("Undecided: no tested change")
    chance = [trial("a", "cause", "prevents"), *PLACEBOS, trial("p", "placebo", "prevents")]
    assert "vanished in 1 of 6 placebos" in sentence(window, chance)

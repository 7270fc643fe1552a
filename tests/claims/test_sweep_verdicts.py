"""Claims about sweeps: met, not met, or open if the results do not decide them."""

import pytest

from memlab.claims.sweep_verdicts import Interval, events_of, judge_sweep, sweep_statement
from memlab.sweeps.outcomes import Crossing, Outcome
from memlab.sweeps.plan import Cell, Member
from memlab.sweeps.progress import MemberState
from memlab.sweeps.schema import Bound, SweepClaim
from memlab.sweeps.tables import CellResult

BUDGET = 1000


class FakeResults:
    """Results of two cells: with weight decay 1 seeds grok at `steps`, with 0 none groks."""

    def __init__(self, steps, unfinished=0):
        self.sweep = type("S", (), {"id": "sweep"})
        self.cells = (self._cell(0, 0.0, [None] * 3, 0), self._cell(1, 1.0, steps, unfinished))

    def _cell(self, number, decay, steps, unfinished):
        at = {"optimizer.weight_decay": decay}
        cell = Cell(number, at, at, {"optimizer": {"weight_decay": decay}}, BUDGET)
        outcomes = []
        for seed, step in enumerate(steps):
            state = "running" if seed >= len(steps) - unfinished else "finished"
            member = MemberState(
                Member(f"{number}-{seed}", number, seed, {}),
                state,
                500 if state == "running" else BUDGET,
                BUDGET,
                state,
                {"val_accuracy": 1.0 if step else 0.5},
            )
            crossing = None if step is None else Crossing(step - 10, step)
            outcomes.append(Outcome(member, {"memorized": None, "grokked": crossing}))
        return CellResult(cell, tuple(o.state for o in outcomes), tuple(outcomes))


def verdict(results, **claim):
    (found,) = judge_sweep([SweepClaim.model_validate({"source": "here", **claim})], results)
    return found.status, found.measured


WITH = {"weight_decay": 1.0}
WITHOUT = {"weight_decay": 0.0}
CASES = [
    ({"cell": WITH, "measure": "grokked_at", "reached": {"at_least": 0.6}}, 0, "met", "0.6667"),
    ({"cell": WITH, "measure": "grokked_at", "reached": {"at_least": 0.7}}, 0, "not met", "0.6667"),
    ({"cell": WITH, "measure": "grokked_at", "reached": {"at_least": 0.7}}, 1, "open", "0.6667 to 1"),
    ({"cell": WITH, "measure": "grokked_at", "reached": {"at_least": 0.6}}, 1, "met", "0.6667 to 1"),
    ({"cell": WITH, "measure": "grokked_at", "reached": {"at_least": 0.6}, "by_step": 300}, 0, "not met", "0.3333"),
    ({"cell": WITHOUT, "measure": "grokked_at", "reached": {"at_most": 0}}, 0, "met", "0"),
    ({"cell": WITH, "measure": "grokked_at", "median": {"at_most": 400}}, 0, "met", "400"),
    ({"cell": WITH, "measure": "grokked_at", "median": {"at_most": 399}}, 0, "not met", "400"),
    ({"cell": WITH, "measure": "grokked_at", "median": {"at_most": 400}}, 1, "open", "-"),
    ({"cell": WITHOUT, "measure": "grokked_at", "median": {"at_least": 900}}, 0, "met", ">1000"),
    ({"cell": WITHOUT, "measure": "grokked_at", "median": {"at_most": 900}}, 0, "not met", ">1000"),
    ({"cell": WITHOUT, "measure": "grokked_at", "median": {"at_least": 2000}}, 0, "open", ">1000"),
    ({"cell": WITH, "measure": "val_accuracy", "mean": {"at_least": 0.8}}, 0, "met", "0.8333"),
    ({"compare": [WITHOUT, WITH], "measure": "grokked_at", "factor": {"at_least": 2.5}}, 0, "met", ">2.5"),
    ({"compare": [WITHOUT, WITH], "measure": "grokked_at", "factor": {"at_least": 2.6}}, 0, "open", ">2.5"),
    ({"compare": [WITH, WITHOUT], "measure": "grokked_at", "factor": {"at_most": 0.4}}, 0, "met", "0 to 0.4"),
    ({"compare": [WITH, WITHOUT], "measure": "val_accuracy", "factor": {"at_least": 2}}, 0, "met", "2"),
]  # fmt: skip


@pytest.mark.parametrize("claim, unfinished, status, measured", CASES)
def test_verdicts(claim, unfinished, status, measured):
    steps = [200, 400, None]
    assert verdict(FakeResults(steps, unfinished), **claim) == (status, measured)


def test_an_interval_decides_a_claim_only_if_all_its_values_do():
    assert Interval(1, 2).satisfies(Bound(at_least=1)) == "met"
    assert Interval(1, 2).satisfies(Bound(at_least=1.5)) == "open"
    assert Interval(1, 2).satisfies(Bound(at_least=3)) == "not met"
    assert Interval(1, 2).satisfies(Bound(at_most=0.5)) == "not met"


def test_a_claim_as_text_and_the_events_that_it_needs():
    claim = SweepClaim.model_validate(
        {"cell": WITH, "measure": "val_accuracy>=0.95", "reached": {"at_least": 1}, "by_step": 2500}
    )
    assert sweep_statement(claim) == (
        "weight_decay=1.0: val_accuracy>=0.95 by step 2,500, reached >= 1"
    )
    assert events_of([claim]) == ["val_accuracy>=0.95"]

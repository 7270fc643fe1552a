"""The wall clock is set, stops or jumps: only dates depend on it."""

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.record import events, process
from memlab.record import runs as all_runs
from memlab.record.attempt import STANDSTILL, Attempt
from memlab.record.commands import Edit, Inbox, Pause, Resume, Stop, send
from memlab.record.doctor import examine
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.run_id import new_id
from memlab.record.summary import summarize

from .make_run import write_rows

DAY, YEAR = 86_400, 31_557_600
NOW = 1_790_000_000


class Clock:
    """A wall clock that returns the given values in turn; a monotonic clock in steps of 1 s."""

    def __init__(self, monkeypatch, walls):
        self.walls, self.monotonic = itertools.cycle(walls), 100.0
        monkeypatch.setattr(time, "time", lambda: float(next(self.walls)))
        monkeypatch.setattr(time, "time_ns", lambda: next(self.walls) * 10**9)
        monkeypatch.setattr(time, "monotonic", self.tick)

    def tick(self) -> float:
        self.monotonic += 1
        return self.monotonic


CLOCKS = {
    "set back by a day": [NOW] * 5 + [NOW - DAY],
    "set ahead by ten years": [NOW, NOW + 10 * YEAR],
    "frozen": [NOW],
    "before the epoch": [-DAY, 0, NOW],
    "after this century": [NOW, NOW + 5_000_000_000],
    "jumps by an hour": [NOW, NOW + 3600, NOW - 3600],
}


@pytest.fixture(params=CLOCKS)
def clock(request, monkeypatch):
    return Clock(monkeypatch, CLOCKS[request.param])


def test_a_run_is_recorded_resumed_and_read_in_order(runs, clock):
    folder = RunFolder.create(runs, {}, "", "")
    for seq, first in ((0, 1), (3, 11)):
        with folder.claim({}, seq=seq, first_step=first) as writer:
            writer.write(events.Started(step=first - 1, attempt=writer.number))
            for step in (first + 4, first + 9):
                write_rows(writer, step - 4, step)
                writer.write(events.Evaluated(step=step, values={"val_loss": 1 / step}))
                writer.beat(step)
                assert RunFolder(folder.path).status() == "running"
            writer.commit(step, {"model.safetensors": b"m"})
            if first > 1:
                writer.end("finished", step, {})
    now = History(folder).until()
    assert [event.seq for event in now.events] == list(range(6))
    assert [event.step for event in now.events] == [0, 5, 10, 10, 15, 20]
    assert now.steps["step"].tolist() == list(range(1, 21))
    for attempt in (now.events[:3], now.events[3:]):
        passed = [later.wall - event.wall for event, later in itertools.pairwise(attempt)]
        assert all(0 < seconds < 20 for seconds in passed)
    assert folder.status() == "finished" and examine(folder).healthy
    summary = summarize(folder).to_json()
    assert 0 < summary["seconds"] < 100 and summary["steps_per_second"] > 0


def test_runs_are_listed_in_order_of_creation(runs, clock):
    made = [RunFolder.create(runs, {}, "", str(i)).id for i in range(20)]
    assert len(set(made)) == 20
    assert [run.id for run in all_runs.list_runs(runs)] == made[::-1]
    assert all_runs.find(runs, "last").id == made[-1]


def test_commands_are_returned_in_the_order_they_were_sent(folder, clock):
    sent = [Pause(), Resume(), Edit({"optimizer.lr": 1.0}, at=5), Pause(), Resume(), Stop()]
    with folder.claim({}, seq=0, first_step=1) as writer:
        (folder.path / "commands" / "mine.json").write_bytes(b"")
        for command in sent:
            send(folder, command)
        assert Inbox(folder, writer.number).poll() == sent


@settings(max_examples=50)
@given(st.lists(st.integers(0, 4 * 10**18), min_size=2, max_size=9))
def test_ids_ascend_for_any_clock(tmp_path_factory, moments):
    runs = tmp_path_factory.mktemp("runs")
    made = []
    with pytest.MonkeyPatch.context() as patch:
        for moment in moments:
            patch.setattr(time, "time_ns", lambda moment=moment: moment)
            made.append(new_id(runs))
            (runs / made[-1]).mkdir()
    assert made == sorted(set(made)) and len({len(run) for run in made}) == 1


def test_an_id_has_the_time_of_the_clock_unless_a_run_is_newer(runs, monkeypatch):
    runs.mkdir()
    for other in ("zzz", "99999999T999999-zzzzzz", "20261121T213000-7f3", ".trash"):
        (runs / other).mkdir()
    monkeypatch.setattr(time, "time_ns", lambda: 1_795_296_600_500_000_000)
    assert new_id(runs).startswith("20261121T213000-i00")
    (runs / "20261231T235959-zzzaaa").mkdir()
    assert new_id(runs).startswith("20270101T000000-000")


def test_an_attempt_on_another_machine_is_judged_by_heartbeat_and_monotonic_clock(
    folder, clock, monkeypatch
):
    owner = process.identity() | {"host": "elsewhere", "machine_id": "x", "boot_id": "x"}
    monkeypatch.setattr(process, "identity", lambda: owner)
    with folder.claim({}, seq=0, first_step=1) as writer:
        attempt = Attempt(folder.attempts()[0].path, folder.id)
        for beat in range(5):
            writer.beat(beat)
            assert attempt.alive()
        clock.monotonic += STANDSTILL
        assert not attempt.alive()

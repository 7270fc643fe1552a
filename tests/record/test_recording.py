"""Runs of other programs: gaps in the steps, columns that appear later, several attempts."""

import math

import numpy as np
import pytest

from memlab.errors import RunError
from memlab.record.commands import Pause, send
from memlab.record.doctor import examine
from memlab.record.events import COLUMNS, Evaluated, Finding, Gap, Rows, Spike
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.recording import OtherRun, Recording, Source
from memlab.record.row_format import MISSING, is_missing
from memlab.record.summary import brief, summarize


class Echo:
    """Reports every row above 100 and every evaluation."""

    def __init__(self) -> None:
        self.seen = []

    def rows(self, steps, columns):
        self.seen += steps.tolist()
        return [
            Finding(step=int(step), level="info", what="high", why="", advice="")
            for step, value in zip(steps, columns["a"], strict=True)
            if value > 100
        ]

    def event(self, event):
        return [Finding(step=event.step, level="info", what="evaluated", why="", advice="")]


@pytest.fixture
def source():
    return Source(path="log.csv", format="csv", sha256="ab", details={"lines": 3})


def recorded(folder):
    return History(RunFolder(folder.path)).until()


def test_rows_keep_their_steps_bits_and_missing_values(runs, source):
    tenth, nan = 0.1, np.nan
    with Recording.create(runs, "log", OtherRun({"lr": tenth}, 99, source)) as recording:
        recording.add([0, 10, 11], {"a": [tenth, nan, np.inf]})
        recording.add([50, 60], {"b": [MISSING, 1e300], "a": [MISSING, -tenth]})
        recording.add([70], {"b": [2.0]})
    now = recorded(recording.folder)
    assert now.steps.columns == ("a", "b") and now.steps["step"].tolist() == [0, 10, 11, 50, 60, 70]
    steps, values = now.steps.read(0, 100)
    assert values.dtype == np.float64
    expected = [[tenth, 0], [nan, 0], [np.inf, 0], [0, 0], [-tenth, 1e300], [0, 2.0]]
    missing = [[0, 1], [0, 1], [0, 1], [1, 1], [0, 0], [1, 0]]
    assert is_missing(values).tolist() == np.array(missing, bool).tolist()
    assert np.array_equal(np.where(missing, 0, values), expected, equal_nan=True)
    steps, b = now.steps.measured("b")
    assert (steps.tolist(), b.tolist()) == ([60, 70], [1e300, 2.0])
    assert now.steps.measured("a")[0].tolist() == [0, 10, 11, 60]
    assert now.steps.until(55).last_step == 50 and now.steps.until(49).last_step == 11
    assert now.steps.until(9)["a"].tolist() == [tenth]
    bins = now.view("a", 0, 99, 10)
    assert bins.low[0] == tenth and bins.nonfinite[:2].tolist() == [0, 2] and bins.low[6] == -tenth


def test_an_imported_run_can_be_listed_labelled_and_verified_but_not_trained(runs, source):
    with Recording.create(runs, "log", OtherRun({}, None, source)) as recording:
        recording.add(
            [1, 2], {"x": [1.0, 2.0]}, [Evaluated(step=2, values={"val_loss": 3.0})], [7.0]
        )
    folder = RunFolder(recording.folder.path)
    assert folder.status() == "imported" and brief(folder)["final"] == {"val_loss": 3.0}
    assert folder.source["details"] == {"lines": 3}
    shown = summarize(folder).to_json()
    assert (shown["step"], shown["steps"], shown["preset"], shown["damaged"]) == (2, 0, "", 0)
    assert [e.wall for e in recorded(folder).of(Evaluated)] == [7.0]
    assert examine(folder).symptoms == [] and examine(folder).verified["rows"] == 2
    folder.set_labels(note="from a colleague")
    for write in (
        lambda: folder.claim({}, seq=0, first_step=1, take_over=True),
        lambda: send(folder, Pause()),
    ):
        with pytest.raises(RunError, match="imported"):
            write()


def test_repeated_steps_begin_a_new_attempt_and_the_last_values_count(runs):
    with Recording.create(runs, "log", OtherRun(), Echo) as recording:
        evaluations = [Evaluated(step=step, values={"v": float(step)}) for step in (2, 4)]
        recording.add([1, 2, 3, 4], {"a": [1.0, 200.0, 3.0, 400.0]}, evaluations)
        recording.add([3, 5], {"a": [3.0, 5.0]}, [Evaluated(step=3, values={"v": 33.0})])
        assert recording.attempts == 2
    history = History(RunFolder(recording.folder.path))
    now = history.until()
    assert now.steps["step"].tolist() == [1, 2, 3, 5] and now.last_step == 5
    assert now.evaluations["v"].tolist() == [2.0, 33.0]
    # The last finding is made at the end of the recording.
    found = [(2, "high"), (2, "evaluated"), (3, "evaluated"), (5, "evaluated")]
    assert [(f.step, f.what) for f in now.findings] == found
    assert history.resume_verified == {"steps": 1, "first_difference": None}
    assert examine(recording.folder).healthy


def test_an_observer_sees_each_row_once_per_attempt(runs):
    made = []

    def observe():
        made.append(Echo())
        return made[-1]

    steps = np.arange(1, 3001)
    evaluations = [Evaluated(step=step, values={}) for step in (5, 1500, 2900)]
    with Recording.create(runs, "log", OtherRun(), observe) as recording:
        recording.add(steps, {"a": np.zeros(3000)}, evaluations)
        recording.begin_attempt(2001)
        recording.add(steps[2000:] + 1, {"a": np.zeros(1000)})
    assert made[0].seen == steps.tolist() and made[1].seen == list(range(1, 2001)) + list(
        range(2002, 3002)
    )
    found = recorded(recording.folder).events
    assert [e.step for e in found] == sorted(e.step for e in found)


def test_an_empty_or_interrupted_recording_is_a_valid_run(runs):
    with Recording.create(runs, "empty", OtherRun()) as recording:
        recording.flush()
    assert (
        recorded(recording.folder).steps.columns == () and recording.folder.status() == "finished"
    )
    assert recorded(recording.folder).steps["step"].tolist() == []
    with pytest.raises(ZeroDivisionError), Recording.create(runs, "b", OtherRun()) as recording:
        recording.add([4], {"a": [1.0]})
        recording.flush()
        raise ZeroDivisionError
    assert RunFolder(recording.folder.path).status() == "died"
    assert recorded(recording.folder).steps["step"].tolist() == [4]
    with pytest.raises(ZeroDivisionError), Recording.create(runs, "c", OtherRun()):
        raise ZeroDivisionError


def test_lost_rows_are_reported_with_their_range_of_steps(runs):
    with Recording.create(runs, "log", OtherRun()) as recording:
        for k in range(4):
            recording.add(np.arange(5) * 10 + k * 100 + 1, {"a": np.arange(5.0)})
            recording.flush()
    path = recording.folder.path / "attempts/001/rows-001.bin"
    data = bytearray(path.read_bytes())
    data[5 * 16 + 3] ^= 4
    path.write_bytes(data)
    history = History(RunFolder(recording.folder.path))
    assert history.damage == ""
    history.verify()
    assert history.damaged == 1 and history.damage == "damaged: 5 rows in steps 42 to 200"
    assert history.until().steps.missing == tuple(history.missing)
    index = path.with_suffix(".idx")
    index.write_bytes(index.read_bytes()[:-20])
    again = History(RunFolder(recording.folder.path))
    assert [(m.first, m.last, m.rows) for m in again.missing] == [(242, 341, 5)]
    assert any("missing: 5 rows" in s.what for s in examine(recording.folder).symptoms)


def test_a_file_with_damaged_columns_is_skipped_and_later_files_are_read(runs):
    with Recording.create(runs, "log", OtherRun()) as recording:
        recording.add([1], {"a": [1.0]})
        recording.add([2], {"b": [2.0]})
        recording.add([3], {"c": [3.0]})
    index = recording.folder.path / "attempts/001/rows-002.idx"
    for damage in (lambda text: b"x" + text, lambda text: text.replace(b"\n", b" ")):
        whole = index.read_bytes()
        index.write_bytes(damage(whole))
        history = History(RunFolder(recording.folder.path))
        assert history.until().steps["step"].tolist() == [1, 3] and history.damaged == 1
        assert not examine(RunFolder(recording.folder.path)).healthy
        index.write_bytes(whole)
    assert History(recording.folder).damage == ""


def test_a_spike_is_an_event_of_the_run(runs):
    spike = Spike(step=3, onset=1, base=1, peak=2, peak_step=2, recovered_at=3, label="spike")
    with Recording.create(runs, "log", OtherRun()) as recording:
        recording.add([1, 2, 3], {"loss": [1.0, 2.0, 1.0]}, [spike])
    assert recorded(recording.folder).spikes[0].peak == 2


def test_events_without_rows_and_columns_of_a_single_table_are_recorded(runs):
    with Recording.create(runs, "log", OtherRun()) as recording:
        recording.add([], {}, [Evaluated(step=0, values={"v": 1.0})])
        recording.add([1, 2], {"a": [1.0, 2.0]})
        recording.add([3, 4], {"b": [3.0, 4.0]})
    now = recorded(recording.folder)
    assert now.evaluations["v"].tolist() == [1.0]
    assert now.view("b", 1, 4, 4).high[2:].tolist() == [3.0, 4.0]


def test_a_view_omits_rows_that_are_known_to_be_damaged(runs):
    with Recording.create(runs, "log", OtherRun()) as recording:
        for first in (1, 101, 201):
            recording.add(np.arange(first, first + 100), {"a": np.full(100, float(first))})
            recording.flush()
    path = recording.folder.path / "attempts" / "001" / "rows-001.bin"
    data = bytearray(path.read_bytes())
    data[150 * 16 + 8] ^= 1
    path.write_bytes(bytes(data))
    history = History(RunFolder(recording.folder.path))
    history.verify()
    assert [(lost.first, lost.last) for lost in history.missing] == [(101, 200)]
    assert history.until().view("a", 1, 300, 1).high.tolist() == [201.0]
    assert history.until().view("a", 101, 200, 1).high.tolist() != [101.0]


def test_sealed_rows_are_counted_once_for_any_distance_of_their_steps(runs):
    with Recording.create(runs, "log", OtherRun()) as recording:
        recording.add(np.arange(3000) * 1000, {"a": np.zeros(3000)})
        recording.flush()
        recording.add([2_000_000, 2_000_500], {"a": [1.0, 2.0]})
    now = recorded(recording.folder)
    assert len(now.steps["step"]) == 2002
    # A seal that the second attempt replaces in part counts as a whole.
    assert 2002 <= now.steps.n_sealed < 2002 + 1024


def test_gaps_are_in_the_summary(runs):
    gaps = [
        Gap(step=9, first=5, last=6, nan=1, infinite=1),
        Gap(step=30, first=21, last=30, nan=10, infinite=0, closed=False),
        Gap(step=50, first=21, last=49, nan=29, infinite=0),
    ]
    with Recording.create(runs, "log", OtherRun()) as recording:
        recording.add([1, 50], {"loss": [1.0, 1.0]}, gaps)
    assert summarize(recording.folder).to_json()["gaps"] == [
        {"first": 5, "last": 6, "nan": 1, "infinite": 1, "closed": True},
        {"first": 21, "last": 49, "nan": 29, "infinite": 0, "closed": True},
    ]


def test_settings_of_other_programs_become_json_values(runs):
    config = {"lr": np.float32(0.5), 3: [1, (2,)], "path": runs, "nan": float("nan"), "none": None}
    with Recording.create(runs, "log", OtherRun(config)) as recording:
        recording.add([1], {"loss": [1.0]})
    stored = RunFolder(recording.folder.path).description["config"]
    assert math.isnan(stored.pop("nan"))
    assert stored == {"lr": 0.5, "3": [1, [2]], "path": str(runs), "none": None}


def test_kept_rows_are_read_before_the_event_that_ends_their_block(folder):
    values = np.arange(3 * len(COLUMNS), dtype=np.float32).reshape(3, -1)
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.keep_rows(1, values[:2].tolist())
        assert History(folder).until().steps["loss"].tolist() == values[:2, 0].tolist()
        writer.write(Rows(step=3, values=values))
    assert History(folder).until().steps["loss"].tolist() == values[:, 0].tolist()


def test_kept_rows_have_the_columns_of_an_older_run(tmp_path):
    folder = RunFolder.create(tmp_path, {"columns": ["loss", "lr"]}, "", "old")
    rows = [[1.0, 2.0, 3.0, 4.0, 5.0]]
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.keep_rows(1, rows)
        steps = History(folder).until().steps
        assert [steps["loss"].tolist(), steps["lr"].tolist()] == [[1.0], [3.0]]
        writer.write(Rows(step=1, values=np.array(rows, np.float32)))

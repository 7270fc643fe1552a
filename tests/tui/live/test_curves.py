"""Contents of the charts."""

import os
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memlab.charts import Chart, Series, as_text, draw
from memlab.charts.decimate import spans
from memlab.charts.scale import Axis
from memlab.detectors.observer import RunObserver
from memlab.measures import model_measures
from memlab.measures.stored_values import StoredMeasures, store_values
from memlab.preset.create import create_run
from memlab.preset.facts import facts
from memlab.preset.load import from_json
from memlab.preset.run_preset import preset_of
from memlab.record.events import COLUMNS, Evaluated, Phase, Rows, Spike
from memlab.record.folder import RunFolder
from memlab.record.fork import ForkPoint
from memlab.record.history import History
from memlab.record.recording import OtherRun, Recording, Source
from memlab.tui.live import curves
from memlab.tui.live.learned_map import LearnedMap
from memlab.tui.live.view_state import ViewState
from memlab.tui.plots.smoothed_loss import Smoothed
from memlab.tui.plots.viewport import StepRange, Viewport, XExtent


def moment_of(
    folder: RunFolder, viewport: Viewport | None = None, at: int | None = None
) -> ViewState:
    view = History(folder).until(at)
    made = Smoothed(0.9)
    made.extend(view.steps)
    learned, kept = LearnedMap(folder), StoredMeasures(folder)
    viewport = viewport or Viewport(weight=0.9)
    return ViewState(folder, view, made, learned, kept, viewport, "finished")


def test_measures_computed_afterwards_are_charts_up_to_the_cursor(finished: RunFolder) -> None:
    known = model_measures()
    for step, loss in ((0, 5.0), (600, 2.0), (1400, 0.1)):
        store_values(finished, known["excluded_loss"], step, (3,), {"excluded_loss": loss})
        norms = {"matrix_norm/token.weight": 9.0, "matrix_norm/head.weight": 8.0}
        store_values(finished, known["matrix_norm"], step, (3,), norms)
    view_state = moment_of(finished, at=700)
    charts = curves.measures(view_state)
    (series,) = charts["excluded_loss"](view_state, True, 80).series
    assert (list(series.x), list(series.y)) == ([0.0, 600.0], [5.0, 2.0])
    assert curves.is_log(view_state, "excluded_loss")
    names = [s.name for s in charts["matrix_norm"](view_state, True, 80).series]
    assert names == ["token.weight", "head.weight"]


def test_a_value_stored_within_one_tick_of_the_file_system_is_noticed(finished: RunFolder) -> None:
    measure = model_measures()["excluded_loss"]
    values = finished.derived / "measures" / "excluded_loss"
    store_values(finished, measure, 0, (3,), {"excluded_loss": 5.0})
    time = values.stat().st_mtime_ns
    stored = StoredMeasures(finished)
    store_values(finished, measure, 600, (3,), {"excluded_loss": 2.0})
    os.utime(values, ns=(time, time))
    assert stored.refresh() and list(stored.curves["excluded_loss"][0]) == [0, 600]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.integers(0, 1300), length=st.integers(30, 1400), x_log=st.booleans(),
    columns=st.integers(20, 200),
)  # fmt: skip
def test_no_extreme_of_the_visible_steps_is_lost(
    finished: RunFolder, first: int, length: int, x_log: bool, columns: int
) -> None:
    viewport = Viewport(x_log=x_log, window=StepRange(first, min(first + length, 1400)))
    view_state = moment_of(finished, viewport)
    low, high = viewport.span(XExtent.of_steps(1400))
    steps, loss = view_state.run.steps["step"], view_state.run.steps["loss"]
    first, last = np.floor(low), np.ceil(high)
    shown = loss[(steps >= first) & (steps <= last)]
    # The outer bins may be wider by half a bin; on a log axis the last ones are the widest.
    half = (last - first + 1) / columns / (1 if x_log else 4)
    around = loss[(steps >= first - half) & (steps <= last + half)]
    found = curves.extremes(view_state, "loss", columns)
    assert around.min() <= found.low.min() <= shown.min()
    assert shown.max() <= found.high.max() <= around.max()


def test_the_loss_chart_marks_spikes_phases_edits_and_chance(finished: RunFolder) -> None:
    chart = curves.loss(moment_of(finished), True, 100)
    assert [marks.x.tolist() for marks in chart.marks] == [[901]]
    assert [rule.label for rule in chart.rules] == ["lr 0.0003", "memorized", "grokked"]
    assert [level.name for level in chart.levels] == ["chance"]
    assert [series.name for series in chart.series] == ["batch (smoothed)", "train", "val"]


def test_nothing_after_the_cursor_is_drawn(finished: RunFolder) -> None:
    chart = curves.loss(moment_of(finished, at=600), True, 100)
    assert max(series.x.max() for series in chart.series) <= 600
    assert max(band.x.max() for band in chart.bands) <= 600
    assert not chart.marks
    assert [rule.label for rule in chart.rules] == ["memorized"]


def test_an_open_spike_is_marked_at_its_peak_so_far(finished: RunFolder) -> None:
    (marks,) = curves.loss(moment_of(finished, at=905), True, 100).marks
    assert marks.x.tolist() == [902]


def test_without_smoothing_the_raw_loss_is_the_line(finished: RunFolder) -> None:
    chart = curves.loss(moment_of(finished, Viewport(weight=0.0)), True, 100)
    assert not chart.bands
    assert chart.series[0].y.max() == moment_of(finished).run.steps["loss"].max()


def test_the_smoothed_line_does_not_depend_on_the_zoom(finished: RunFolder) -> None:
    all_of_it = curves.loss(moment_of(finished), True, 100).series[0]
    part = curves.loss(
        moment_of(finished, Viewport(weight=0.9, window=StepRange(100, 300))), True, 100
    ).series[0]
    np.testing.assert_array_equal(all_of_it.y, part.y)


def test_the_measures_are_those_that_the_run_recorded(finished: RunFolder) -> None:
    names = [*COLUMNS[1:], "first learned", "token_accuracy"]
    assert list(curves.measures(moment_of(finished))) == names


def test_a_mixture_is_shown_task_by_task(tmp_path: Path, new_run, begin_run) -> None:  # type: ignore[no-untyped-def]
    folder = new_run(tmp_path)
    with begin_run(folder) as writer:
        for step in (0, 10):
            groups = {"copy": {"val_accuracy": step / 10}, "add": {"val_accuracy": 0.5}}
            writer.write(Evaluated(step=step, values={"val_accuracy": 0.5}, groups=groups))
    view_state = moment_of(folder)
    chart = curves.measures(view_state)["val_accuracy by task"](view_state, False, 80)
    assert {s.name: s.y.tolist() for s in chart.series} == {"copy": [0, 1], "add": [0.5, 0.5]}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.0, -1.0, 3e38])
def test_losses_that_no_axis_can_show_do_not_break_a_chart(
    tmp_path: Path,
    new_run,
    begin_run,
    bad: float,  # type: ignore[no-untyped-def]
) -> None:
    folder = new_run(tmp_path)
    values = np.ones((50, 5), np.float32)
    values[10:20, 0] = bad
    with begin_run(folder) as writer:
        writer.write(Rows(step=50, values=values))
        writer.write(Evaluated(step=50, values={"val_loss": bad, "val_accuracy": bad}))
    for viewport in (
        Viewport(weight=0.9),
        Viewport(x_log=True),
        Viewport(weight=0.9, window=StepRange(10, 30)),
    ):
        view_state = moment_of(folder, viewport)
        for measure in (curves.loss, curves.accuracy, *curves.measures(view_state).values()):
            for y_log in (True, False):
                chart = measure(view_state, y_log, 60)
                if isinstance(chart, Chart):
                    assert len(draw(chart, 60, 12)) == 12


@pytest.mark.parametrize("columns", [20, 61, 200])
@pytest.mark.parametrize("reading", [None, 1, 901, 1399])
def test_the_legend_has_the_recorded_value(
    finished: RunFolder, reading: int | None, columns: int
) -> None:
    view_state = moment_of(finished, Viewport(reading=reading))
    recorded = view_state.run.steps["grad_norm"][(reading or 1400) - 1]
    chart = curves.column("grad_norm")(view_state, True, columns)
    assert isinstance(chart, Chart)
    assert (
        f"▬ grad_norm {recorded:.3g}  "
        in as_text(draw(chart, 60, 12, colour=False)).split("\n")[0] + "  "
    )


@pytest.mark.parametrize("weight", [0.0, 0.9])
def test_values_that_are_not_finite_are_counted_one_by_one(
    tmp_path: Path, new_run: Any, begin_run: Any, weight: float
) -> None:
    folder = new_run(tmp_path)
    values = np.ones((600, 5), np.float32)
    values[100:111, 0] = np.nan
    values[300, 0] = np.inf
    with begin_run(folder) as writer:
        writer.write(Rows(step=600, values=values))
    chart = curves.loss(moment_of(folder, Viewport(weight=weight)), True, 40)
    assert "12 points not finite" in as_text(draw(chart, 80, 12, colour=False))


def test_a_column_with_a_value_every_few_steps_is_one_line(finished: RunFolder) -> None:
    view_state = moment_of(finished, Viewport(window=StepRange(100, 140)))
    chart = curves.measures(view_state)["weight_norm"](view_state, False, 80)
    assert chart.series[0].x.tolist() == [100, 100, 110, 110, 120, 120, 130, 130, 140, 140]
    assert "not finite" not in as_text(draw(chart, 80, 12, colour=False))


@pytest.mark.parametrize(("at", "has_own"), [(1400, True), (300, False)])
@pytest.mark.parametrize(("weight", "own"), [(0.0, "batch"), (0.9, "batch (smoothed)")])
def test_the_steps_that_a_fork_shares_are_a_dim_line(
    finished: RunFolder,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    has_own: bool,
    weight: float,
    own: str,
) -> None:
    monkeypatch.setattr(curves, "fork_point", lambda folder: ForkPoint("parent", 500))
    lines = curves.loss(moment_of(finished, Viewport(weight=weight), at), True, 100).series
    losses = [line for line in lines if line.name not in ("train", "val")]
    assert [line.name for line in losses] == ["shared past", *([own] if has_own else [])]
    assert losses[0].colour == "band"
    assert losses[0].x.max() <= 500
    assert all(line.x.min() > 500 for line in losses[1:])


def smoothed_labels(runs: Path, begin: Any) -> RunFolder:
    """A run with label smoothing, whose objective is much larger than its losses."""
    document = {
        "name": "smoothed",
        "task": {"kind": "modular", "operation": "add", "modulus": 7, "train_fraction": 0.5},
        "training": {"steps": 60, "batch_size": 8, "label_smoothing": 0.1},
    }
    folder = create_run(from_json(document), runs)
    rows = np.full((60, 5), 2.5, np.float32)
    with begin(folder) as writer:
        writer.write(Rows(step=60, values=rows))
        losses = {"train_loss": 0.25, "val_loss": 0.5}
        writer.write(Evaluated(step=60, values=losses))
        writer.write(
            Spike(
                step=60, onset=40, base=2.1, peak=4.0, peak_step=41, recovered_at=50, label="spike"
            )
        )
    return folder


@pytest.mark.parametrize("weight", [0.0, 0.9])
def test_with_label_smoothing_losses_and_objective_have_separate_charts(
    tmp_path: Path, begin_run: Any, weight: float
) -> None:
    folder = smoothed_labels(tmp_path, begin_run)
    view_state = moment_of(folder, Viewport(weight=weight))
    losses = curves.loss(view_state, True, 100)
    assert {s.name: s.y.tolist() for s in losses.series} == {"train": [0.25], "val": [0.5]}
    assert not losses.bands and not losses.marks
    chart = curves.measures(view_state)["objective"](view_state, True, 100)
    assert isinstance(chart, Chart)
    (line,) = chart.series
    assert line.name == ("objective (smoothed)" if weight else "objective")
    assert line.y.min() > 2
    (floor,) = chart.levels
    assert (floor.name, floor.y) == ("floor", facts(preset_of(folder)).objective_floor)
    assert [marks.y.tolist() for marks in chart.marks] == [[4.0]]
    assert (
        curves.is_log(view_state, "objective")
        and curves.third(folder, view_state.run)[0] == "objective"
    )


def test_the_loss_of_an_imported_run_is_its_train_loss(tmp_path: Path) -> None:
    outline = OtherRun(source=Source("log.csv", "csv", "", {}))
    with Recording.create(tmp_path, "log", outline, lambda: RunObserver(loss="loss")) as recording:
        recording.add(np.arange(1, 51), {"loss": np.linspace(2, 1, 50)}, [])
    chart = curves.loss(moment_of(recording.folder, Viewport(weight=0.0)), True, 60)
    assert [series.name for series in chart.series] == ["train"]


@pytest.mark.parametrize("weight", [0.0, 0.9])
def test_a_run_without_a_loss_per_step_has_a_loss_chart(tmp_path: Path, weight: float) -> None:
    outline = OtherRun(source=Source("log.csv", "csv", "", {}))
    with Recording.create(
        tmp_path, "log", outline, lambda: RunObserver(loss="reward")
    ) as recording:
        recording.add(np.arange(1, 51), {"reward": np.ones(50)}, [])
    chart = curves.loss(moment_of(recording.folder, Viewport(weight=weight)), True, 60)
    assert len(draw(chart, 60, 12)) == 12


@pytest.mark.parametrize("weight", [0.0, 0.9])
@pytest.mark.parametrize("x_log", [False, True])
def test_rows_that_are_damaged_are_a_gap_in_the_curve(
    write: Any, weight: float, x_log: bool
) -> None:
    folder = write(steps=1400, every=200)
    path = folder.attempts()[0].path / "steps.bin"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    history = History(folder)
    history.verify()
    (lost,) = history.missing
    assert 0 < lost.rows < 1400
    viewport = Viewport(weight=weight, x_log=x_log)
    chart = curves.loss(moment_of(folder, viewport), False, 100)
    line, middle = chart.series[0], (lost.first + lost.last) / 2
    assert np.isnan(line.y[line.x == middle]).all() and (line.x == middle).any()
    axis = Axis(*viewport.span(XExtent.of_steps(1400)), x_log)
    edges = axis.place(np.array([lost.first + 2, lost.last - 2])) * 400
    for drawn in (line, *(Series("", b.x, b.high, "band") for b in chart.bands)):
        (low,), _ = spans([(drawn.x, drawn.y)], axis, False, 400)
        hidden = slice(int(np.ceil(edges[0])), int(edges[1]))
        assert np.isnan(low[hidden]).all() and np.isfinite(low).sum() > 300
    assert "not finite" not in as_text(draw(chart, 80, 12, colour=False))


def test_labels_of_milestones_take_the_place_of_others():
    names = ("memorized", "collapsed", "grokked", "collapsed")
    phases = [Phase(step=i, name=name, after=i, split="train") for i, name in enumerate(names)]
    run = Mock(of=lambda kind: (), changes=(), edits=(), phases=phases)
    labels = [rule.label for rule in curves.rules(run)]
    assert labels == ["collapsed", "collapsed", "memorized", "grokked"]  # the last come first

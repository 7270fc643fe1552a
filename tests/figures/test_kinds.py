"""All kinds of figures, from recorded data to PNG."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from memlab.errors import MemlabError
from memlab.figures.draw import draw
from memlab.figures.kind import all_kinds, kind_of
from memlab.figures.kinds.bands import median_and_range
from memlab.figures.kinds.phase_diagram import phase_of
from memlab.figures.save import Origin, to_bytes
from memlab.figures.source import AttentionPatterns, FigureOptions, RunSource, SweepSnapshot
from memlab.figures.style import STYLES, style_of
from memlab.measures import model_measures
from memlab.measures.stored_values import store_values
from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.events import Spike
from memlab.record.folder import RunFolder
from memlab.record.model_pictures import ModelPictures
from memlab.sweeps.statistics import steps_to_event

from .synthetic import synthetic_run, synthetic_sweep

SLOW = pytest.mark.slow

OUTCOMES = {
    (0.0, 0.001): [None, None, None],
    (0.0, 0.003): [None, None, 390],
    (1.0, 0.001): [250, 350, None],
    (1.0, 0.003): [150, 180, 160],
}
"""(weight decay, lr) to the steps at which three seeds grokked, within 400"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> SweepSnapshot:
    return SweepSnapshot(synthetic_sweep(tmp_path_factory.mktemp("sweep") / "runs", OUTCOMES))


@pytest.fixture
def source_of(shipped: Path, sweep: SweepSnapshot):
    """Sources by type."""
    weights = np.tril(np.ones((2, 3, 4, 4))) / np.arange(1, 5)[:, None]
    patterns = AttentionPatterns("a run", 7, ("12", "+", "40", "="), weights)
    run = RunSource(RunFolder(shipped))
    margins = np.random.default_rng(0).normal(size=(7, 7))
    pictures = ModelPictures("a run", 7, ("1", "2"), weights, np.array([1.0, 5, 2]), margins)
    return {"run": [run], "runs": [run, run], "sweep": sweep, "attention": patterns,
            "runs or sweep": sweep, "model": pictures}  # fmt: skip


def png(kind: str, source: object, style: str = "paper", **options: object) -> Image.Image:
    figure = kind_of(kind).make(source, FigureOptions(**options))
    figure_style = style_of(style)
    image = draw(figure, figure_style)
    data = to_bytes(image, "png", figure_style, Origin("", figure.runs, ""))
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize("kind", [kind.name for kind in all_kinds().values()])
def test_every_kind_is_drawn_in_the_width_of_its_style(kind, source_of):
    picture = png(kind, source_of[kind_of(kind).draws], "web")
    assert abs(picture.width - STYLES["web"].width * STYLES["web"].dpi) <= 1
    assert picture.getcolors(20) is None  # more than 20 colours


@pytest.mark.parametrize(
    "style", ["paper", *(pytest.param(one, marks=SLOW) for one in STYLES if one != "paper")]
)
def test_every_style_has_its_width(style, source_of):
    picture = png("curves", source_of["run"], style)
    assert abs(picture.width - STYLES[style].width * STYLES[style].dpi) <= 1


@pytest.mark.parametrize(
    "file_format", ["svg", *(pytest.param(one, marks=SLOW) for one in ("png", "pdf"))]
)
def test_equal_input_gives_equal_bytes_with_run_and_command_in_the_metadata(
    file_format, source_of, shipped
):
    figures = [kind_of("curves").make(source_of["run"], FigureOptions()) for _ in range(2)]
    paper = style_of("paper")
    origin = Origin("a title", figures[0].runs, "memlab plot last --kind curves")
    first, second = (to_bytes(draw(f, paper), file_format, paper, origin) for f in figures)
    assert first == second
    if file_format != "pdf":  # a PDF keeps its text compressed or in UTF-16
        assert shipped.name.encode() in first and b"memlab plot last --kind curves" in first
    assert b"a title" in first


def test_a_spike_of_one_step_in_a_million_is_visible(runs: Path):
    loss = np.full(1_000_000, 0.1, np.float32)
    loss[765_432] = 9.0
    picture = png("curves", [RunSource(synthetic_run(runs, loss, every=100_000))])
    # The spike is a blue column high above the curve.
    ink = np.asarray(picture, int)[: picture.height // 2]
    blue = (ink[..., 2] - ink[..., 0] > 60).sum(axis=0)
    tall = np.flatnonzero(blue > 0.25 * len(ink))
    assert 1 <= len(tall) <= 6
    # log10(765432) is at 0.98 of an axis from half a step to a million
    assert 0.9 * picture.width < tall.min() <= tall.max() < picture.width


def test_the_band_of_the_loss_panel_includes_the_extremes_of_all_steps(runs: Path):
    rng = np.random.default_rng(1)
    loss = np.exp(rng.standard_normal(5000)).astype(np.float32)
    figure = kind_of("curves").make([RunSource(synthetic_run(runs, loss))], FigureOptions())
    (band,) = figure.panels[0].chart.bands
    assert band.high.max() == loss.max() and band.low.min() == loss.min()


def test_a_measure_computed_after_training_is_drawn_like_a_recorded_one(runs: Path):
    folder = synthetic_run(runs, np.geomspace(3, 0.1, 100))
    for step, value in ((20, 4.0), (100, 1.5)):
        values = {"excluded_loss": value}
        store_values(folder, model_measures()["excluded_loss"], step, (3,), values)
    options = FigureOptions(measure="excluded_loss")
    (panel,) = kind_of("measure").make([RunSource(folder)], options).panels
    (series,) = panel.chart.series
    assert (list(series.x), list(series.y)) == ([20.0, 100.0], [4.0, 1.5])
    (panel,) = kind_of("measure").make([RunSource(folder, until=50)], options).panels
    assert list(panel.chart.series[0].x) == [20.0]


def test_undefined_pictures_of_a_model_are_an_error(runs: Path):
    nothing = ModelPictures("a run", 7, (), np.empty((1, 1, 1, 1)), np.empty(0), np.empty((0, 0)))
    for kind in ("spectrum", "logit-table"):
        with pytest.raises(MemlabError, match="nothing to draw"):
            kind_of(kind).make(nothing, FigureOptions())


def test_steps_to_draws_runs_without_the_event_as_bounds_at_their_last_step(sweep):
    figure = kind_of("steps-to").make(sweep, FigureOptions(x="optimizer.weight_decay"))
    (panel,) = figure.panels
    hollow = {p.name: sorted(p.y.tolist()) for p in panel.points if p.hollow}
    assert hollow == {
        "lr = 0.001: not reached (4)": [400.0] * 4, "lr = 0.003: not reached (2)": [400.0] * 2,
    }  # fmt: skip
    reached = {p.name: sorted(p.y.tolist()) for p in panel.points if not p.hollow}
    assert reached == {"lr = 0.001": [250.0, 350.0], "lr = 0.003": [150.0, 160.0, 180.0, 390.0]}


def test_steps_to_labels_unfinished_runs(runs: Path):
    outcomes = {(0.0, 0.001): [None, None, 200], (1.0, 0.001): [150, 160, 170]}
    sweep = SweepSnapshot(synthetic_sweep(runs, outcomes, cut_off=1))
    figure = kind_of("steps-to").make(sweep, FigureOptions())
    (bound,) = [p for p in figure.panels[0].points if p.hollow]
    assert sorted(bound.y.tolist()) == [300, 400]
    assert bound.name == "not reached (2, 1 of them unfinished)"
    assert "ended" not in figure.note


def test_the_steps_that_a_fork_shares_with_its_parent_are_thin(runs: Path):
    steps, at = 100, 40
    origin = {"fork": {"run": "the parent", "step": at}}
    preset = load("quickstart", [f"training.steps={steps}"])
    folder = create_run(preset, runs, "child", origin=origin)
    child = RunSource(synthetic_run(runs, np.geomspace(3, 0.1, steps), folder=folder))
    parent = RunSource(synthetic_run(runs, np.geomspace(3, 0.1, steps)))
    pictures = {
        "curves": kind_of("curves").make([child], FigureOptions()),
        "measure": kind_of("measure").make([child], FigureOptions(measure="val_loss")),
        "overlay": kind_of("overlay").make([parent, child], FigureOptions()),
    }
    for kind, figure in pictures.items():
        assert "Thin up to step 40" in figure.note
        for panel in figure.panels:
            assert panel.singles and all(line.x[-1] == at for line in panel.singles)
            n_complete = 1 if kind == "overlay" else 0
            assert [line.x[0] for line in panel.chart.series[:n_complete]] == [0] * n_complete
            for line in panel.chart.series[n_complete:]:
                assert line.x[0] == at and line.x[-1] == steps
    (alone,) = kind_of("overlay").make([parent], FigureOptions()).panels[:1]
    assert alone.singles == ()


def test_a_cell_of_a_heatmap_shows_its_median_or_a_bound(sweep):
    figure = kind_of("heatmap").make(sweep, FigureOptions(measure="grokked", x="lr"))
    (grid,) = figure.panels
    for (decay, lr), steps in OUTCOMES.items():
        i, j = grid.row_labels.index(f"{decay:g}"), grid.column_labels.index(f"{lr:g}")
        reached = [step is not None for step in steps]
        expected = steps_to_event([400 if step is None else step for step in steps], reached)
        assert grid.hatched[i, j] == (expected.median is None)
        assert grid.values[i, j] == (expected.median or 400)
        assert f"{sum(reached)}/3" in grid.texts[i][j]


def test_phases_follow_from_the_steps_of_memorization_and_generalization(sweep):
    found = {}
    for cell in sweep.results().cells:
        at = (cell.cell.at["optimizer.weight_decay"], cell.cell.at["optimizer.lr"])
        found[at] = sorted(phase_of(one) for one in cell.outcomes)
    assert found == {
        (0.0, 0.001): ["memorization"] * 3,
        (0.0, 0.003): ["grokking", "memorization", "memorization"],
        (1.0, 0.001): ["grokking", "grokking", "memorization"],
        (1.0, 0.003): ["comprehension"] * 3,
    }


def test_bands_show_median_and_range_up_to_the_end_of_the_shortest_run():
    long = (np.array([0.0, 10, 20, 30]), np.array([1.0, 2, 3, 4]))
    short = (np.array([0.0, 20]), np.array([3.0, 7]))
    middle = (np.array([0.0, 10, 20]), np.array([9.0, 9, 9]))
    x, low, median, high = median_and_range([long, short, middle])
    assert x.tolist() == [0, 10, 20]
    assert low.tolist() == [1, 2, 3] and high.tolist() == [9, 9, 9]
    assert median.tolist() == [3, 5, 7]  # short is interpolated at step 10


def test_a_spike_is_selected_by_its_number_and_unknown_numbers_are_rejected(runs: Path):
    loss = np.full(500, 0.1)
    loss[200:205], loss[400:410] = 2.0, 1.0
    spikes = [
        Spike(step=260, onset=201, base=0.1, peak=2.0, peak_step=201, recovered_at=206,
              label="spike", details={"height": 1.3}),
        Spike(step=460, onset=401, base=0.1, peak=1.0, peak_step=401, recovered_at=411,
              label="spike", details={"height": 1.0}),
    ]  # fmt: skip
    run = RunSource(synthetic_run(runs, loss, spikes=spikes))
    highest = kind_of("spike").make([run], FigureOptions())
    assert "spike 1 of 2, at step 201" in highest.title
    second = kind_of("spike").make([run], FigureOptions(spike=2))
    line = second.panels[0].chart.series[0]
    assert line.x[0] <= 400 and line.y[line.x == 405] == 1.0
    with pytest.raises(MemlabError, match="no such spike"):
        kind_of("spike").make([run], FigureOptions(spike=3))


@pytest.mark.parametrize("kind", ["spike", "samples", "first-learned"])
def test_a_run_without_the_data_of_a_kind_is_an_error(kind: str, runs: Path):
    run = RunSource(synthetic_run(runs, np.ones(20)))
    with pytest.raises(MemlabError, match="nothing to draw"):
        kind_of(kind).make([run], FigureOptions())


def test_names_from_files_are_drawn_as_plain_text(runs: Path):
    names = ("$\\frac{1}{0}$", "a_b^c $", "\x1b[31mred\x00", "\u202egnp.exe", "漢字 🤖", "\ud800")
    named = [RunSource(synthetic_run(runs, np.ones(20), name=name)) for name in names]
    png("overlay", named, "web")  # in the legend
    for run in named[0], named[-1]:
        png("curves", [run], "web")  # in the title


def test_unknown_names_are_rejected(source_of):
    with pytest.raises(MemlabError, match="no such kind"):
        kind_of("curve")
    with pytest.raises(MemlabError, match="no such style"):
        style_of("poster")
    with pytest.raises(MemlabError, match="no measure"):
        kind_of("measure").make(source_of["run"], FigureOptions(measure="val_los"))
    with pytest.raises(MemlabError, match="no such axis"):
        kind_of("heatmap").make(source_of["sweep"], FigureOptions(x="dropout"))


@pytest.mark.parametrize("style", STYLES)
def test_labels_of_columns_do_not_overlap_in_narrow_panels(style: str):
    weights = np.tril(np.ones((1, 4, 5, 5))) / np.arange(1, 6)[:, None]
    patterns = AttentionPatterns("a run", 7, ("<bos>", "48", "+", "1", "="), weights)
    figure = draw(kind_of("attention").make(patterns, FigureOptions()), style_of(style))
    figure.canvas.draw()
    for axes in figure.axes[:4]:
        level = [label for label in axes.get_xticklabels() if not label.get_rotation()]
        boxes = [label.get_window_extent() for label in level]
        assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))


@pytest.mark.parametrize("style", STYLES)
def test_the_label_of_a_colour_bar_is_not_longer_than_two_rows(sweep, style: str):
    options = FigureOptions(measure="memorized", x="optimizer.lr")
    figure = draw(kind_of("heatmap").make(sweep, options), style_of(style))
    figure.canvas.draw()
    bar = figure.axes[1]
    assert bar.yaxis.label.get_window_extent().height <= bar.bbox.height

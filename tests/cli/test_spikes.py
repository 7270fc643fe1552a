"""`memlab spikes` on files and runs: detected spikes, output, memory."""

import csv
import io
import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import typer

from memlab.cli.event_text import phase_line, spike_stats_line
from memlab.cli.spikes import spikes
from memlab.detectors.spike_stats import spike_stats
from memlab.errors import DataError, RunError
from memlab.preset.create import create_run
from memlab.record.events import Ended, Phase, Rows, Spike

STARTS = (500, 1200, 1900, 2600, 3300)


def spiky():
    """4,000 losses around 0.001 with noise of 0.05 decades, raised by 1.5 decades at five steps."""
    decades = 0.05 * np.random.default_rng(1).standard_normal(4000) - 3
    for start in STARTS:
        decades[start - 1 :] += 1.5 * np.exp(-np.arange(4001 - start) / 20)
    return (10**decades).astype(np.float32)


CURVE = spiky()
FIELDS = {"step", "base", "peak", "peak_step", "recovered_at", "kind", "open", "details"}


@pytest.fixture
def output_of(capsys, monkeypatch):
    """Output of `memlab spikes`, called in this process."""
    monkeypatch.setenv("COLUMNS", "160")

    def run_spikes(ref, **options):
        spikes(str(ref), **options)
        return capsys.readouterr().out

    return run_spikes


@pytest.fixture
def run(tiny, tmp_path):
    """A run with a recorded loss spike at step 300 and a constant lr."""
    folder = create_run(tiny(), tmp_path / "runs")
    loss = np.full(600, 0.01)
    loss[299:310] = np.geomspace(3.0, 0.012, 11)
    norms = np.where(np.arange(1, 601) % 10, np.nan, 20.0)
    rows = np.stack([loss, loss, np.full(600, 1e-3), norms, norms], axis=1).astype(np.float32)
    rows[0, 1] = np.nan
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(Rows(step=600, values=rows))
        writer.write(
            Spike(step=320, onset=300, base=0.01, peak=3.0, peak_step=300, recovered_at=310,
                  label="spike", details={"height": 2.48, "answers": "random"})
        )  # fmt: skip
        writer.write(Ended(step=600, reason="finished"))
        writer.end("finished", 600, {})
    return folder


def as_csv(values):
    lines = [f"{i},{float(value)!r},x" for i, value in enumerate(values.astype(np.float64), 1)]
    return "\n".join(["step,my loss,note", *lines, ""])


def test_spikes_of_a_file_are_found_without_importing_torch(memlab):
    (memlab.folder / "a.csv").write_text(as_csv(CURVE))
    code = (
        "import sys; sys.argv = ['memlab', *sys.argv[1:]]\n"
        "from memlab.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    words = ["spikes", "a.csv", "--column", "my loss", "--json"]
    result = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=memlab.folder,
        env=memlab.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(result.stdout)
    assert found["n"] == len(found["spikes"])
    assert [spike["step"] for spike in found["spikes"]] == list(STARTS)
    assert all(set(spike) == FIELDS for spike in found["spikes"])


def test_csv_and_npy_files_give_the_same_result(output_of, tmp_path):
    (tmp_path / "a.csv").write_text(as_csv(CURVE))
    np.save(tmp_path / "a.npy", CURVE)
    one = json.loads(output_of(tmp_path / "a.csv", column="my loss", json=True))
    other = json.loads(output_of(tmp_path / "a.npy", json=True))
    for only_in_one in ("source", "column", "format"):
        del one[only_in_one], other[only_in_one]
    assert one == other
    assert one["steps"] == len(CURVE)
    assert one["tally"]["n"] == one["n"]
    assert "median of the 25 steps before" in one["how"]


def test_the_text_has_a_table_statistics_and_the_method(output_of, tmp_path):
    np.save(tmp_path / "a.npy", CURVE)
    text = output_of(tmp_path / "a.npy", plot=True)
    assert "▼ 5 spikes" in text
    assert text.count("▼") >= 5
    assert "4,000 steps, 5 spikes, 1.2 per 1,000 steps, median height" in text
    assert "Method: log10(loss) against the median" in text
    assert "\x1b" not in text


def test_a_constant_curve_and_an_empty_file_have_no_spikes(output_of, tmp_path):
    for values in (np.ones(100), np.ones(1), np.ones(0)):
        np.save(tmp_path / "a.npy", values)
        assert "no spikes" in output_of(tmp_path / "a.npy", plot=True)


def test_an_open_spike_is_reported(output_of, tmp_path):
    np.save(tmp_path / "a.npy", np.r_[np.full(500, 0.01), np.full(20, 1.0)])
    assert "a spike that started at step 501, from base 0.01, is still open" in output_of(
        tmp_path / "a.npy"
    )
    assert json.loads(output_of(tmp_path / "a.npy", json=True))["open"]["step"] == 501


def test_a_run_has_the_spikes_that_it_recorded(output_of, run):
    found = json.loads(output_of(run.path, json=True))
    assert (found["source"], found["column"], found["n"]) == (run.id, "loss", 1)
    assert found["spikes"][0]["details"] == {"height": 2.48, "answers": "random"}
    assert found["tally"]["recovery"] == 10
    assert "random" in output_of(run.path, plot=True)


def test_another_column_of_a_run_is_analysed(output_of, run):
    found = json.loads(output_of(run.path, column="grad_norm", json=True))
    # Its first value is NaN, which is a gap and no spike.
    assert [spike["step"] for spike in found["spikes"]] == [300]
    assert found["gaps"] == [{"first": 1, "last": 1, "nan": 1, "infinite": 0, "closed": True}]
    assert json.loads(output_of(run.path, column="lr", json=True))["n"] == 0


def test_a_column_with_gaps_is_analysed_at_its_steps(output_of, tiny, tmp_path):
    folder = create_run(tiny(), tmp_path / "runs")
    steps = np.arange(1, 3001)
    rows = np.full((3000, 5), np.nan, np.float32)
    rows[:, :3] = 0.01
    rows[9::10, 4] = 0.5
    rows[1999:2050:10, 4] = 50.0
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(Rows(step=int(steps[-1]), values=rows))
    (spike,) = json.loads(output_of(folder.path, column="update_norm", json=True))["spikes"]
    assert (spike["step"], spike["peak_step"], spike["recovered_at"]) == (2000, 2000, 2060)
    assert spike["details"]["noticed"] == 2000


def test_a_file_keeps_its_steps_and_restarts_are_reported(output_of, tmp_path, capsys):
    steps = 50 * np.r_[1:301, 251:1001]
    loss = np.r_[CURVE[:300], CURVE[250:1000]]
    lines = [f"{step},{value!r}" for step, value in zip(steps, loss.tolist(), strict=True)]
    path = tmp_path / "history" / "log.csv"
    path.parent.mkdir()
    path.write_text("step,loss\n" + "\n".join(lines) + "\n")
    found = json.loads(output_of(path, json=True))
    assert [spike["step"] for spike in found["spikes"]] == [50 * 500]
    assert found["steps"] == 50_000 and found["column"] == "loss"
    assert found["notes"] == [
        "history: the steps go back 1 time, to 12,550; 50 values were replaced by later ones"
    ]
    spikes(str(path))
    assert "note: history: the steps go back" in capsys.readouterr().err


def test_a_gap_and_a_linear_scale_are_reported(output_of, tmp_path):
    reward = -5 + 0.1 * np.random.default_rng(0).standard_normal(1000)
    reward[800:820] += 4.0
    reward[320] = np.nan
    np.save(tmp_path / "reward.npy", reward)
    text = output_of(tmp_path / "reward.npy", plot=True)
    assert "a gap at step 321: 1 NaN" in text
    assert "1 spike, 1 per 1,000 steps, median height 4" in text
    assert "on a linear scale" in text and "in units of the noise" in text
    found = json.loads(output_of(tmp_path / "reward.npy", json=True))
    assert (found["scale"], found["n"], found["spikes"][0]["step"]) == ("linear", 1, 801)


def test_damage_is_reported_with_exit_3(output_of, tmp_path, capsys):
    from memlab.formats.tensorboard import VERSION
    from memlab.formats.tensorboard_writer import TensorBoardWriter

    path = tmp_path / "events.out.tfevents.1700000000.host.1.0"
    with path.open("wb") as file:
        writer = TensorBoardWriter(file, 1.7e9)
        writer.scalars("loss", np.arange(1, 601), CURVE[:600], np.full(600, 1.7e9))
    assert VERSION in path.read_bytes()[:64]
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(typer.Exit) as exit_info:
        spikes(str(path), json=True)
    assert exit_info.value.exit_code == 3
    found = json.loads(capsys.readouterr().out)
    assert found["steps"] == 599 and "cut off" in found["warnings"][0]


@pytest.mark.parametrize("way", ["-", "/dev/stdin", "<(cat a.csv)"])
def test_a_stream_is_read(memlab, way):
    (memlab.folder / "a.csv").write_text(as_csv(CURVE))
    words = f"{sys.executable} -m memlab spikes {way} --column 'my loss' --json"
    result = subprocess.run(
        ["bash", "-c", f"cat a.csv | {words}"],
        cwd=memlab.folder,
        env=memlab.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [spike["step"] for spike in json.loads(result.stdout)["spikes"]] == list(STARTS)


def test_a_missing_file_run_or_column_is_refused(output_of, run, tmp_path):
    with pytest.raises(RunError, match="no column 'nothing'"):
        output_of(run.path, column="nothing")
    with pytest.raises(DataError, match="no such file"):
        output_of(tmp_path / "missing.csv")
    with pytest.raises(RunError, match="run not found"):
        output_of("missing", runs=tmp_path / "runs")


def test_show_prints_the_statistics_and_omits_missing_values(run, capsys):
    from memlab.cli.show import show

    show(str(run.path), json=True)
    assert json.loads(capsys.readouterr().out)["tally"]["n"] == 1
    show(str(run.path), as_csv=True)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["weight_norm"] for row in rows[:10]] == [""] * 9 + ["20.0"]
    assert rows[0]["grad_norm"] == "nan"


@pytest.mark.slow
def test_memory_per_value_of_a_file_is_at_most_that_of_its_step(output_of, tmp_path):
    peaks = []
    sizes = (1_000, 200_000, 800_000)  # the first one imports the modules
    for n in sizes:
        values = np.exp(0.1 * np.random.default_rng(0).standard_normal(n)).astype(np.float32)
        values[n // 2 : n // 2 + 40] *= 30
        np.save(tmp_path / "long.npy", values)
        tracemalloc.start()
        text = output_of(tmp_path / "long.npy", plot=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert f"{n:,} steps, 1 spike," in text
    assert peaks[2] - peaks[1] < 8.1 * (sizes[2] - sizes[1])


@pytest.mark.parametrize(
    ("name", "details", "expected"),
    [
        ("memorized", {"accuracy": 1.0}, "train accuracy >= 0.99"),
        (
            "grokked",
            {"delay": 900, "ratio": 10.0},
            "0.99, 900 steps after memorizing (10 times as late)",
        ),
        ("sustained", {"since": 1020}, "in the evaluations since step 1,020"),
        ("collapsed", {"accuracy": 0.5}, "train accuracy below 0.99"),
        ("stuck", {"at": "chance", "loss": 4.5}, "train loss stays at 0.99, which is chance"),
        ("overfitting", {"best": 0.9}, "while train loss falls"),
    ],
)
def test_a_phase_is_reported_with_its_details(name, details, expected):
    phase = Phase(step=1020, name=name, after=1000, threshold=0.99, split="train", details=details)
    line = phase_line(phase)
    assert line.startswith(f"{name} in steps 1,000 to 1,020: ")
    assert expected in line


def test_statistics_of_no_spikes_have_a_text():
    assert spike_stats_line(spike_stats([], 100)) == "no spikes"

"""A value has the same label in `show`, its table and `replay`."""

import json
import re

import numpy as np
import pytest

from memlab.cli import terminal_chart
from memlab.record.history import History
from memlab.record.runs import find
from tests.cli.conftest import Program

LEGEND = re.compile(r"([a-z]+(?: \(smoothed\))?) (\d[\d.e+-]*)")


def legend(text: str) -> dict[str, float]:
    """Names and values in the legend of the first chart of a text."""
    line = next(line for line in text.splitlines() if "▬" in line)
    return {
        name: float(value) for name, value in LEGEND.findall(re.split(" {4,}", line.strip())[0])
    }


def table(text: str) -> dict[str, float]:
    """The losses by split in the table of `show`."""
    rows = [line.split() for line in text.splitlines()]
    assert any(row[:1] == ["loss"] and "accuracy" in row for row in rows)
    return {row[0]: float(row[1]) for row in rows if row and row[0] in ("train", "val")}


@pytest.mark.parametrize(
    ("batch", "shown"), [(8, "batch (smoothed)"), ("full", "batch")], ids=["batches", "full"]
)
def test_labels_agree_in_the_legend_of_show_its_table_and_replay(
    memlab: Program, monkeypatch: pytest.MonkeyPatch, batch: object, shown: str
) -> None:
    monkeypatch.setattr(terminal_chart, "width", lambda: 120)
    monkeypatch.setenv("COLUMNS", "120")
    memlab("run", "tiny", f"training.batch_size={batch}", "training.steps=200", "--quiet")
    text = memlab("show", "last")
    in_show, in_table = legend(text), table(text)
    in_replay = legend(memlab("replay", "last", "--once", "--size", "200x50"))
    recorded = json.loads(memlab("show", "last", "--json"))["final"]
    for split in ("train", "val"):
        value = recorded[f"{split}_loss"]
        assert in_show[split] == in_replay[split] == float(f"{value:.3g}")
        assert f"{in_table[split]:.3g}" == f"{value:.3g}"
    loss = np.asarray(History(find(memlab.runs, "last")).until().steps["loss"])
    assert set(in_show) - {"chance"} == {shown, "train", "val"} == set(in_replay) - {"chance"}
    if shown == "batch":
        assert in_show[shown] == in_replay[shown] == float(f"{loss[-1]:.3g}")

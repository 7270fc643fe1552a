"""`memlab plot`: files, their names, numbers and scripts."""

import csv
import json
import re
import runpy
from pathlib import Path

import pytest

from memlab.record.history import History
from memlab.record.runs import find


def test_a_figure_is_named_after_run_and_kind_and_its_path_is_printed(trained):
    run = find(trained.runs, "last").path.name
    assert trained("plot", "last").strip() == f"{run}-curves.png"
    assert (trained.folder / f"{run}-curves.png").read_bytes().startswith(b"\x89PNG")
    measure = ["--kind", "measure", "--measure", "lr"]
    assert trained("plot", "last", *measure).strip() == f"{run}-measure-lr.png"
    assert trained("plot", "last", "--at", "20").strip() == f"{run}-curves-at-20.png"
    assert trained("plot", "last", *measure, "-o", "out/lr.svg")
    assert "<svg" in (trained.folder / "out/lr.svg").read_text("utf-8")


def test_the_csv_file_has_the_values_of_the_run_and_the_script_draws_them(trained, monkeypatch):
    report = json.loads(trained("plot", "last", "-o", "c.png", "--csv", "--json"))
    assert report["files"] == ["c.png", "c.csv", "c.py"]
    with open(trained.folder / "c.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "val"]
    drawn = {float(row["x"]): float(row["y"]) for row in rows if row["panel"] == "1"}
    known = History(find(trained.runs, "last")).until().evaluations
    assert drawn == dict(zip(known["step"].tolist(), known["val_loss"].tolist(), strict=True))
    monkeypatch.chdir(trained.folder)
    runpy.run_path("c.py")
    assert Path("c-redrawn.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_run_the_kinds_of_figures_are_listed(memlab):
    kinds = json.loads(memlab("plot", "--json"))
    assert {"curves", "steps-to", "phase-diagram"} <= {kind["kind"] for kind in kinds}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("last", "--kind", "curvs"), "did you mean curves?"),
        (("last", "-o", "figure.jpg"), ".png, .svg, .pdf"),
        (("last", "--for", "poster"), "paper"),
        (("last", "--kind", "heatmap"), "cannot be drawn from these sources"),
        (("nothing",), "neither a run nor a sweep"),
    ],
)
def test_a_figure_that_does_not_apply_is_an_error_with_a_hint(trained, words, message):
    trained("plot", *words, code=2)
    assert message in trained.stderr


def test_run_plot_saves_the_curves_in_the_folder_of_the_run(memlab):
    memlab("run", "tiny", "--plot", "--quiet")
    picture = find(memlab.runs, "last").derived / "curves.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def page(trained) -> str:
    """The report of the run as HTML."""
    run = find(trained.runs, "last").path.name
    assert trained("report", "last").strip() == f"{run}-report.html"
    return (trained.folder / f"{run}-report.html").read_text("utf-8")


def test_a_report_has_every_number_that_show_prints(trained, page):
    shown = json.loads(trained("show", "last", "--json"))
    exact = {float(digits) for digits in re.findall(r'<td[^>]* title="([^"]+)"', page)}
    cells = set(re.findall(r"<td[^>]*>([^<]*)</td>", page))
    for values in (shown["final"], shown["best"]):
        measured = {v for key, v in values.items() if key != "step"}
        assert measured <= exact and len(measured) > 3
    for key in ("step", "steps", "seed", "parameters", "attempts"):
        assert f"{shown[key]:,}" in cells
    assert shown["weights_sha256"] in cells


def test_a_report_is_written_as_html_or_as_markdown_with_figures(trained, page):
    assert "first [bold]try" in page and "<script" not in page
    files = json.loads(trained("report", "last", "-o", "page.md", "--json"))["files"]
    assert "page-figures/1-curves.png" in " ".join(files)
    assert all(Path(trained.folder, file).exists() for file in files)
    trained("report", "last", "-o", "page.pdf", code=2)
    assert ".html, .md" in trained.stderr


def test_predict_repeat_counts_answers_and_how_many_agree(trained):
    words = ("predict", "last", "1 + 1 =", "2 + 3 =", "--repeat", "20")
    repeated = json.loads(trained(*words, "--json"))["repeated"]
    assert [one["prompt"] for one in repeated] == ["1 + 1 =", "2 + 3 ="]
    assert [sum(one["answers"].values()) for one in repeated] == [20, 20]
    line = trained(*words).splitlines()[0]
    agreement = max(repeated[0]["answers"].values()) / 20
    assert line.startswith("1 + 1 = → ")
    assert line.endswith(f"{agreement:.0%} of 20 agree")
    greedy = json.loads(trained(*words, "--temperature", "0", "--json"))["repeated"]
    assert [one["agreement"] for one in greedy] == [1, 1]

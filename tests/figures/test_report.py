"""Reports: numbers equal the recorded data, names are escaped, no external resources."""

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from memlab.figures.report.html import to_html
from memlab.figures.report.markdown import to_markdown
from memlab.figures.report.page import Page, Picture, ReportTable, Text, shown
from memlab.figures.report.run_page import NO_OOD, ModelResults, run_page
from memlab.figures.report.runs_page import runs_page
from memlab.figures.report.sweep_page import MEASURES, sweep_page
from memlab.figures.source import RunSource, SweepSnapshot
from memlab.record.events import Samples
from memlab.record.explanation import read_explanations
from memlab.record.folder import RunFolder
from memlab.record.summary import summarize

from .synthetic import synthetic_run, synthetic_sweep

HOSTILE = "<script>alert(1)</script>"
NAME = (
    '</title></style><img src=x onerror=alert(1)>" a|b `c` [d](e) \x1b[31m\u202e$\\frac{1}{0}$ '
    + HOSTILE
)
COLUMNS = 1080


class Parsed(HTMLParser):
    """Elements and text of a parsed page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(shipped: Path) -> Page:
    return run_page(RunSource(RunFolder(shipped)), ModelResults(), COLUMNS)


@pytest.fixture(scope="module")
def html(page: Page) -> str:
    return to_html(page)


def without_pictures(page: Page) -> Page:
    """The page without figures, since drawing is slow."""
    sections = (
        replace(s, blocks=tuple(b for b in s.blocks if not isinstance(b, Picture)))
        for s in page.sections
    )
    return replace(page, sections=tuple(sections))


def cells(page: Page) -> list[object]:
    tables = (b for section in page.sections for b in section.blocks if isinstance(b, ReportTable))
    return [cell for table in tables for row in table.rows for cell in row]


def numbers(value: object) -> list[float]:
    """All numbers within a JSON document."""
    if isinstance(value, dict):
        return [n for item in value.values() for n in numbers(item)]
    if isinstance(value, list):
        return [n for item in value for n in numbers(item)]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return [float(value)] if is_number else []


def test_all_numbers_of_the_summary_are_in_the_page_with_all_digits(page, html, shipped):
    summary = summarize(RunFolder(shipped)).to_json()
    del summary["learned"]["histogram"]  # shown by the map
    for part in ("phases", "spikes"):
        for event in summary[part]:
            event["details"] = None
    for crossing in ("memorized_at", "grokked_at"):
        summary[crossing] = {}  # in the table of phases
    for phase in summary["phases"]:
        phase["threshold"] = None  # part of a sentence
    known = {float(cell) for cell in cells(page) if isinstance(cell, int | float)}
    known.add(float(summary["best"]["step"]))  # in a caption
    missing = [n for n in numbers(summary) if n not in known and math.isfinite(n)]
    assert missing == []
    elements = Parsed(html).elements
    exact = {float(a["title"]) for tag, a in elements if tag == "td" and a.get("title")}
    assert {n for n in numbers(summary["final"]) if n != int(n)} <= exact


def test_the_page_has_no_scripts_and_no_external_resources(html):
    parsed = Parsed(html)
    assert not {"script", "link", "iframe", "object", "embed", "img"} & {
        t for t, _ in parsed.elements
    }
    loading = {"src", "srcset", "action", "background", "onload", "onerror"}
    for tag, attributes in parsed.elements:
        assert not loading & attributes.keys(), tag
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/"))
    assert "@import" not in html and not re.search(r"url\((?!#)", html)


def test_ids_are_unique_in_a_page(html):
    parsed = Parsed(html).elements
    ids = [a["id"] for _, a in parsed if a.get("id")]
    assert len(ids) == len(set(ids))
    targets = [a.get(name) or "" for _, a in parsed for name in ("href", "xlink:href")]
    used = {target[1:] for target in targets if target.startswith("#")}
    assert used and used <= set(ids)


def test_an_explained_spike_has_a_table_a_sentence_and_curves(page, shipped):
    (explained,) = read_explanations(RunFolder(shipped))
    (blocks,) = (s.blocks for s in page.sections if s.title == "Spikes explained")
    tried, sentence, curves = blocks
    assert [row[:3] for row in tried.rows] == [
        (change.name, change.kind, change.effect) for change in explained.changes
    ]
    assert sentence.text == explained.sentence
    assert curves.data.kind == "explanation" and "--spike 1" in curves.command
    drawn = {series.name: series for series in curves.data.panels[0].chart.series}
    assert {"no change", "weight decay 0 (prevents)", "eps 1e-05", "placebos"} <= drawn.keys()
    assert "lr halved" not in " ".join(drawn), "information only, never a cause"
    assert list(drawn["no change"].x) == list(explained.changes[0].steps)


def test_hostile_names_are_escaped(runs: Path):
    name = NAME
    token = {"text": name, "target": name, "p": 0.5, "ok": False}
    sample = {"split": "val", "prompt": name, "target": name, "answer": name, "tokens": [token]}
    folder = synthetic_run(
        runs, np.ones(20), name=name, samples=[Samples(step=10, samples=[sample])]
    )
    folder.set_labels(note=name, tags=[name])
    run = RunSource(folder)
    several = without_pictures(runs_page([run, run], [ModelResults()] * 2, COLUMNS))
    for page in (run_page(run, ModelResults(), COLUMNS), several):
        html = to_html(page)
        parsed = Parsed(html)
        assert not {"script", "img"} & {tag for tag, _ in parsed.elements}
        assert run.name in parsed.text and "\x1b" not in html and "\u202e" not in html
    text, _ = to_markdown(page, "figures")
    assert HOSTILE not in text and "<img" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_markdown_links_the_files_of_its_figures(runs: Path):
    page = run_page(
        RunSource(synthetic_run(runs, np.geomspace(3, 0.1, 100))), ModelResults(), COLUMNS
    )
    page = replace(page, sections=page.sections * 2)
    text, pictures = to_markdown(page, "report-figures")
    named = re.findall(r"\]\(report-figures/([^)]+)\)", text)
    assert named == list(pictures) and len(named) == len(list(page.pictures)) > 1
    assert all(data.startswith(b"\x89PNG") for data in pictures.values())


def test_a_report_of_several_runs_shows_differences_and_final_values(runs: Path):
    first = synthetic_run(runs, np.geomspace(3, 0.1, 100), name="one", memorized=50)
    second = synthetic_run(runs, np.geomspace(3, 0.2, 120), name="two", memorized=60, grokked=90)
    page = runs_page([RunSource(first), RunSource(second)], [ModelResults()] * 2, COLUMNS)
    (differences,) = [b for b in page.sections[0].blocks if isinstance(b, ReportTable)]
    assert ("training.steps", "100", "120") in differences.rows
    assert ("training.seed", "0", "0") not in differences.rows
    results = next(b for b in page.sections[1].blocks if isinstance(b, ReportTable))
    finals = [summarize(folder).to_json()["final"]["val_loss"] for folder in (first, second)]
    assert ("val loss", *finals) in results.rows
    known = {float(cell) for cell in cells(page) if isinstance(cell, int | float)}
    for folder in (first, second):
        summary = summarize(folder).to_json()
        expected = [numbers(summary[key]) for key in ("final", "step", "steps", "seed", "seconds")]
        assert {n for part in expected for n in part} <= known


def test_the_report_of_a_sweep_shows_its_results(runs: Path):
    outcomes = {(0.0, 0.001): [None, None], (1.0, 0.001): [150, None]}
    sweep = SweepSnapshot(synthetic_sweep(runs, outcomes))
    page = sweep_page(sweep, COLUMNS)
    text = Parsed(to_html(without_pictures(page))).text
    for cell in sweep.results().cells:
        assert str(cell.event("grokked")) in text
        assert f"{cell.final('train_loss').mean:.4g}" in text
        for outcome in cell.outcomes:
            assert outcome.state.member.run in text
    assert [p.data.kind for p in page.pictures].count("steps-to") == 2
    known = {float(cell) for cell in cells(page) if isinstance(cell, int | float)}
    document = sweep.results().to_json()
    finals = [
        numbers([cell["final"][name] for name in MEASURES if name in cell["final"]])
        for cell in document["cells"]
    ]
    paired = [numbers(p) for p in document["paired"] if p["measure"] in MEASURES]
    assert all(finals) and paired
    unequal = {n for part in (*finals, *paired) for n in part} - known
    assert unequal <= {0.0, 1.0}  # settings of the pairs are text


def test_claims_of_a_sweep_are_listed_with_measured_values(runs: Path):
    cell = {"optimizer.weight_decay": 1.0}
    claims = [
        {"cell": cell, "measure": "grokked_at", "reached": {"at_least": 1.0}, "source": "a paper"},
        {"cell": cell, "measure": "val_accuracy>=0.5", "median": {"at_most": 100}},
        {"cell": cell, "measure": "train_loss", "mean": {"at_most": 1}, "reported": HOSTILE},
    ]
    outcomes = {(0.0, 0.001): [None, None, None], (1.0, 0.001): [150, 160, None]}
    page = sweep_page(
        SweepSnapshot(synthetic_sweep(runs, outcomes, claims=claims, cut_off=2)), COLUMNS
    )
    (section,) = [s for s in page.sections if s.title == "Claims"]
    rows = section.blocks[0].rows
    assert [row[0] for row in rows] == ["open", "open", "open"]
    assert rows[0][1:] == (
        "optimizer.weight_decay=1.0: grokked_at, reached >= 1", "0.6667 to 1", None, "a paper"
    )  # fmt: skip
    assert HOSTILE in Parsed(to_html(without_pictures(page))).text
    finished = SweepSnapshot(synthetic_sweep(runs / "others", outcomes, claims=claims))
    (section,) = [s for s in sweep_page(finished, COLUMNS).sections if s.title == "Claims"]
    assert [(r[0], r[2]) for r in section.blocks[0].rows] == [
        ("not met", "0.6667"), ("not met", "160"), ("met", "0.011"),
    ]  # fmt: skip


def test_out_of_distribution_results_are_a_table_or_a_sentence(runs: Path):
    run = RunSource(synthetic_run(runs, np.ones(20)))
    values = {"val": {"loss": 0.5}, "ood-length": {"loss": 2.0, "accuracy": 0.1}}
    expected = {None: [], (): [Text(NO_OOD)]}
    for values_or_none, blocks in expected.items():
        ood = None if values_or_none is None else dict(values_or_none)
        page = run_page(run, ModelResults(ood=ood), COLUMNS)
        sections = [s for s in page.sections if s.title == "Out of distribution"]
        assert [b for s in sections for b in s.blocks] == blocks
    page = runs_page([run, run], [ModelResults(ood=values), ModelResults(ood={})], COLUMNS)
    (section,) = [s for s in page.sections if s.title == "Out of distribution"]
    first, second = section.blocks
    assert first.headers == ("", "val", "ood-length")
    assert first.rows == (("loss", 0.5, 2.0), ("accuracy", None, 0.1))
    assert second.text.endswith(NO_OOD)


def test_integers_have_all_digits_and_floats_four():
    assert [shown(v) for v in (1234567, 0.000123456, 1.0, None, "text", math.nan)] == [
        "1,234,567", "0.0001235", "1", "–", "text", "nan",
    ]  # fmt: skip

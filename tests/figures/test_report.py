"""Reports: every number from the record, every name as text, nothing from elsewhere."""

import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from memlab.figures.report.html import to_html
from memlab.figures.report.markdown import to_markdown
from memlab.figures.report.page import Page, ReportTable, shown
from memlab.figures.report.run_page import Findings, run_page
from memlab.figures.report.runs_page import runs_page
from memlab.figures.report.sweep_page import sweep_page
from memlab.figures.source import RunSource, SweepSnapshot
from memlab.record.events import Samples
from memlab.record.explanation import read_explanations
from memlab.record.folder import RunFolder
from memlab.record.summary import summarize

from .made_up import made_run, made_sweep

HOSTILE = "<script>alert(1)</script>"
NAME = (
    '</title></style><img src=x onerror=alert(1)>" a|b `c` [d](e) \x1b[31m\u202e$\\frac{1}{0}$ '
    + HOSTILE
)
COLUMNS = 1080


class Parsed(HTMLParser):
    """Elements and text of a page, as a browser sees them."""

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
    return run_page(RunSource(RunFolder(shipped)), Findings(), COLUMNS)


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


def test_every_number_of_the_summary_is_in_the_page_with_all_its_digits(page, shipped):
    summary = summarize(RunFolder(shipped))
    del summary["learned"]["histogram"]  # it is the map that shows them
    for part in ("phases", "spikes"):
        for one in summary[part]:
            one["details"] = None
    for crossing in ("memorized_at", "grokked_at"):
        summary[crossing] = {}  # they stand in the table of phases
    for phase in summary["phases"]:
        phase["threshold"] = None  # is written in words
    known = {float(cell) for cell in cells(page) if isinstance(cell, int | float)}
    known.add(float(summary["best"]["step"]))  # stands in a caption
    missing = [n for n in numbers(summary) if n not in known and math.isfinite(n)]
    assert missing == []
    html = Parsed(to_html(page))
    exact = {float(a["title"]) for tag, a in html.elements if tag == "td" and a.get("title")}
    assert {n for n in numbers(summary["final"]) if n != int(n)} <= exact


def test_the_page_loads_nothing_and_runs_nothing(page):
    text = to_html(page)
    parsed = Parsed(text)
    assert not {"script", "link", "iframe", "object", "embed", "img"} & {
        t for t, _ in parsed.elements
    }
    loading = {"src", "srcset", "action", "background", "onload", "onerror"}
    for tag, attributes in parsed.elements:
        assert not loading & attributes.keys(), tag
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/"))
    assert "@import" not in text and not re.search(r"url\((?!#)", text)


def test_no_two_elements_of_a_page_share_an_id(page):
    ids = [a["id"] for _, a in Parsed(to_html(page)).elements if a.get("id")]
    assert len(ids) == len(set(ids))
    parsed = Parsed(to_html(page)).elements
    targets = [a.get(name) or "" for _, a in parsed for name in ("href", "xlink:href")]
    used = {target[1:] for target in targets if target.startswith("#")}
    assert used and used <= set(ids)


def test_an_explained_spike_has_its_table_sentence_and_curves(page, shipped):
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
    assert "lr halved" not in " ".join(drawn), "it is never named as a cause"
    assert list(drawn["no change"].x) == list(explained.changes[0].steps)


def test_a_hostile_name_is_text(runs: Path):
    name = NAME
    token = {"text": name, "target": name, "p": 0.5, "ok": False}
    sample = {"split": "val", "prompt": name, "target": name, "answer": name, "tokens": [token]}
    folder = made_run(runs, np.ones(20), name=name, samples=[Samples(step=10, samples=[sample])])
    folder.set_labels(note=name, tags=[name])
    run = RunSource(folder)
    for page in (run_page(run, Findings(), COLUMNS),
                 runs_page([run, run], [Findings()] * 2, COLUMNS)):  # fmt: skip
        html = to_html(page)
        parsed = Parsed(html)
        assert not {"script", "img"} & {tag for tag, _ in parsed.elements}
        assert run.name in parsed.text and "\x1b" not in html and "\u202e" not in html
        text, _ = to_markdown(page, "figures")
        assert HOSTILE not in text and "<img" not in text
        rows = [line for line in text.splitlines() if line.startswith("|")]
        assert all(line.endswith("|") for line in rows)


def test_markdown_names_the_files_of_its_figures(page):
    text, pictures = to_markdown(page, "report-figures")
    named = re.findall(r"\]\(report-figures/([^)]+)\)", text)
    assert named == list(pictures) and len(named) == len(list(page.pictures)) > 2
    assert all(data.startswith(b"\x89PNG") for data in pictures.values())


def test_several_runs_show_what_differs_and_the_last_values_of_each(runs: Path):
    first = made_run(runs, np.geomspace(3, 0.1, 100), name="one", memorized=50)
    second = made_run(runs, np.geomspace(3, 0.2, 120), name="two", memorized=60, grokked=90)
    page = runs_page([RunSource(first), RunSource(second)], [Findings()] * 2, COLUMNS)
    (differs,) = [b for b in page.sections[0].blocks if isinstance(b, ReportTable)]
    assert ("training.steps", "100", "120") in differs.rows
    assert ("training.seed", "0", "0") not in differs.rows
    results = next(b for b in page.sections[1].blocks if isinstance(b, ReportTable))
    finals = [summarize(folder)["final"]["val_loss"] for folder in (first, second)]
    assert ("val loss", *finals) in results.rows


def test_the_report_of_a_sweep_says_what_its_results_say(runs: Path):
    outcomes = {(0.0, 0.001): [None, None], (1.0, 0.001): [150, None]}
    sweep = SweepSnapshot(made_sweep(runs, outcomes))
    page = sweep_page(sweep, COLUMNS)
    text = Parsed(to_html(page)).text
    for cell in sweep.results().cells:
        assert str(cell.event("grokked")) in text
        assert f"{cell.final('train_loss').mean:.4g}" in text
        for one in cell.outcomes:
            assert one.state.member.run in text
    assert [p.data.kind for p in page.pictures].count("steps-to") == 2


def test_counts_are_shown_whole_and_measured_numbers_with_four_digits():
    assert [shown(v) for v in (1234567, 0.000123456, 1.0, None, "text", math.nan)] == [
        "1,234,567", "0.0001235", "1", "–", "text", "nan",
    ]  # fmt: skip

"""First sentence and stated duration of a preset's text."""

import pytest

from memlab.cli.presets import presets
from memlab.preset.about_text import first_sentence, stated_duration
from memlab.preset.load import available


@pytest.mark.parametrize(
    ("about", "duration"),
    [
        ("Half a minute on one CPU core.", "30 s"),
        ("100,000 steps take about five hours on one CPU core; more.", "5 h"),
        ("About three quarters of an hour on one CPU\ncore.", "45 min"),
        ("An hour or more on one CPU core.", "1 h"),
        ("Ends after 20 seconds on two CPU cores.", "20 s"),
        ("About a day on one CPU core.", "24 h"),
        ("A minute of silence.", ""),
        ("", ""),
    ],
)
def test_the_stated_duration_is_read_as_a_number(about, duration):
    assert stated_duration(" ".join(about.split())) == duration


def test_the_first_sentence_keeps_decimals_and_abbreviations_of_numbers():
    assert first_sentence("Loss 0.5 at once. Then less.") == "Loss 0.5 at once."
    assert first_sentence("") == ""


def test_the_list_of_shipped_presets_fits_80_columns(capsys):
    presets()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("quickstart ")
    assert [line for line in lines if len(line) > 80] == []


def test_every_shipped_preset_states_how_long_it_takes():
    missing = [p.name for p in available() if not stated_duration(p.about)]
    assert missing == []

"""Output in encodings other than UTF-8: no error, and the same cells in every line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from memlab.cli.encoding import to_ascii

SHIPPED = Path(__file__).parents[2] / "runs"
ENCODINGS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "posix": {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}
COMMANDS = [
    ["show", "20261122T010110-ursnu5"],
    ["replay", "20261122T010110-ursnu5", "--once", "--size", "80x24"],
    pytest.param(["spikes", "20261122T010110-ursnu5", "--plot"], marks=pytest.mark.slow),
    pytest.param(["presets"], marks=pytest.mark.slow),
]


def output(command, environment):
    base = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO"))}
    result = subprocess.run(
        [sys.executable, "-m", "memlab", *command],
        env=base | {"MEMLAB_RUNS": str(SHIPPED), "COLUMNS": "100"} | environment,
        capture_output=True,
    )
    assert (result.returncode, b"Traceback" in result.stderr) == (0, False), result.stderr[-500:]
    return result.stdout


@given(st.characters(exclude_categories=("Cs",)))
def test_a_replacement_is_ascii_and_has_the_same_width(character):
    assert to_ascii(character).isascii()
    assert cell_len(to_ascii(character)) == cell_len(character)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_line_has_the_same_number_of_cells_in_ascii(command):
    plain = output(command, {"PYTHONIOENCODING": "utf-8"}).decode("utf-8").splitlines()
    ascii_ = output(command, ENCODINGS["ascii"]).decode("ascii").splitlines()
    assert [cell_len(line) for line in ascii_] == [cell_len(line) for line in plain]
    assert "?" not in "".join(ascii_).replace("?", "", "".join(plain).count("?"))


@pytest.mark.parametrize("name", ["posix", pytest.param("latin-1", marks=pytest.mark.slow)])
def test_other_encodings_print_a_chart(name):
    assert output(COMMANDS[0], ENCODINGS[name]).count(b"\n") > 20

"""`memlab export` and `memlab run --init`, on a very short run."""

import json

import numpy as np
import pytest

from memlab.formats.llmc_model import read_model_bin
from memlab.record.runs import find


def test_each_format_is_written_and_compared(trained):
    for name in ("gpt2", "transformer-lens", "llm.c"):
        report = json.loads(trained("export", "last", "--to", name, "-o", name, "--json"))
        (exported,) = report["exports"]
        assert exported["largest_difference"] < 1e-5 and exported["step"] == 300
        assert set(exported["files"]) == {path.name for path in (trained.folder / name).iterdir()}
    assert {"model.bin", "train.bin", "val.bin"} <= set(exported["files"])
    trained("export", "last", "--to", "gpt2", "-o", "gpt2", code=2)
    assert "this path already exists" in trained.stderr
    trained("export", "last", "--to", "gpt3", code=2)
    assert "did you mean gpt2?" in trained.stderr


def test_all_checkpoints_are_exported(trained):
    report = json.loads(
        trained("export", "last", "--to", "llm.c", "--at", "all", "-o", "all", "--json")
    )
    steps = find(trained.runs, "last").checkpoints.steps()
    assert [exported["step"] for exported in report["exports"]] == steps
    assert (trained.folder / "all" / f"step-{steps[-1]:09d}" / "model.bin").exists()


@pytest.mark.parametrize("source", ["run", "gpt2", "llm.c"])
def test_a_run_starts_from_existing_weights(source, trained):
    parent = find(trained.runs, "last")
    ref = parent.path.name
    if source != "run":
        trained("export", ref, "--to", source, "-o", f"init-{source}")
        ref = f"init-{source}" + ("/model.bin" if source == "llm.c" else "")
    try:
        trained("run", "tiny", "training.steps=40", "--init", ref, "--quiet")
        child = find(trained.runs, "last")
        assert child.path.name != parent.path.name
        assert 0 in child.checkpoints.steps() and child.description["init"]["path"] == ref
        summary = json.loads(trained("show", parent.path.name, "--json"))
        zero = json.loads(trained("eval", child.path.name, "--at", "0", "--json"))["values"]
        assert zero["val_loss"] == pytest.approx(summary["final"]["val_loss"], rel=1e-5)
        trained("export", child.path.name, "--at", "0", "--to", "llm.c", "-o", f"zero-{source}")
        trained("export", parent.path.name, "--to", "llm.c", "-o", f"last-{source}")
        a, b = (
            read_model_bin(trained.folder / f"{name}-{source}" / "model.bin").arrays
            for name in ("zero", "last")
        )
        assert all(np.array_equal(a[name], b[name]) for name in b)
    finally:
        newest = find(trained.runs, "last")
        if newest.path.name != parent.path.name:
            newest.path.rename(trained.folder / newest.path.name)


def test_weights_of_another_model_are_refused_without_creating_a_run(trained):
    before = sorted(trained.runs.iterdir())
    trained("run", "tiny", "model.d_model=32", "--init", before[-1].name, code=2)
    assert "another model" in trained.stderr and "d_model 16" in trained.stderr
    assert sorted(trained.runs.iterdir()) == before

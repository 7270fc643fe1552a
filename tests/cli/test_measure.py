"""`memlab measure`, `memlab run --measure`, and figures of their results."""

import json


def test_measures_at_any_step_are_stored_and_drawn(memlab, tmp_path, monkeypatch):
    function = "memlab.training.measure_cost.seconds_per_step"
    monkeypatch.setattr(function, lambda preset, device: 1e-9)
    memlab("run", "tiny", "--quiet", "--measure", "total_norm")
    assert "these measures add about" in memlab.stderr
    computed = json.loads(
        memlab("measure", "last", "total_norm", "excluded_loss", "--at", "0:60:15", "--json")
    )
    assert [entry["step"] for entry in computed["steps"]] == [0, 15, 30, 45, 60]
    folder = json.loads(memlab("show", "last", "--json"))["run"]
    last = computed["steps"][-1]["values"]
    evaluated = json.loads(memlab("show", folder, "--json"))["final"]
    assert evaluated["total_norm"] == last["total_norm"]
    report = json.loads(
        memlab(
            "plot", folder, "--kind", "measure", "--measure", "excluded_loss", "--csv", "--json",
            "-o", str(tmp_path / "excluded.png"),
        )
    )  # fmt: skip
    text = next((tmp_path).glob("excluded.csv")).read_text()
    assert repr(last["excluded_loss"])[:8] in text
    assert len(report["files"]) == 3


def test_an_invalid_range_of_steps_is_a_user_error(memlab):
    memlab("run", "tiny", "--quiet")
    memlab("measure", "last", "total_norm", "--at", "0:60", code=2)
    assert "0:2000:100" in memlab.stderr
    memlab("measure", "last", "total_norm", "--at", "61", code=2)
    assert "0 to 60" in memlab.stderr
    memlab("run", "tiny", "--measure", "total_nrom", code=2)
    assert "total_norm" in memlab.stderr

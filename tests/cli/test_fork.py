"""`memlab fork` and `memlab explain` on very short runs."""

import json


def test_a_fork_without_changes_ends_like_its_parent(memlab):
    memlab("run", "tiny", "--quiet")
    parent = json.loads(memlab("show", "last", "--json"))
    lines = [
        json.loads(line)
        for line in memlab("fork", "last", "--at", "35", "--quiet", "--json").splitlines()
    ]
    assert lines[0]["kind"] == "forked"
    assert lines[0]["first_difference"] is None
    assert lines[-1]["summary"]["weights_sha256"] == parent["weights_sha256"]
    assert lines[0]["run"] != parent["run"]


def test_an_invalid_fork_or_explanation_is_a_user_error(memlab):
    memlab("run", "tiny", "--quiet")
    memlab("fork", "last", "--at", "61", code=2)
    assert "0 to 60" in memlab.stderr
    memlab("fork", "last", "--at", "30", "model.d_model=32", code=2)
    assert "a fork cannot change model.d_model" in memlab.stderr
    memlab("explain", "last", code=2)
    assert "no closed spike" in memlab.stderr
    memlab("explain", "last", "--at", "3", "--all", code=2)
    assert len(json.loads(memlab("runs", "--json"))) == 1

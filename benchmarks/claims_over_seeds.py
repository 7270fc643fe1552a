"""Compares the claims of presets with recorded runs of several seeds.

    python benchmarks/claims_over_seeds.py RUNS > benchmarks/results/quick-claims.json

For every preset with finished runs in RUNS: its current claims, with the measured value of each seed and
whether it meets the claim. Unfinished runs and runs with other settings, except for the seed, are skipped
and named on stderr. Claims about completions are skipped, since no model is loaded.
"""

import json
import sys
from pathlib import Path
from typing import Any

from memlab.claims.reuse import is_finished_run
from memlab.claims.verdicts import judge, statement
from memlab.preset.load import load, names
from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import list_runs


def main(runs: Path) -> None:
    """Print one JSON object: preset to seeds, events and claims with values."""
    by_preset: dict[str, dict[int, RunFolder]] = {}
    known = names()
    for run in list_runs(runs):
        facts = run.facts
        if facts.preset not in known or facts.seed is None:
            continue
        if is_finished_run(run, load(facts.preset, [f"training.seed={facts.seed}"])):
            by_preset.setdefault(facts.preset, {}).setdefault(facts.seed, run)
        else:
            print(f"{run.id}: not finished with the settings of {facts.preset}", file=sys.stderr)
    results = {name: over_seeds(load(name), by_preset[name]) for name in sorted(by_preset)}
    print(json.dumps(results, indent=1))


def over_seeds(preset: Preset, runs: dict[int, RunFolder]) -> dict[str, Any]:
    """The claims of a preset, and the steps of the events of each seed."""
    seeds = sorted(runs)
    ends = [History(runs[seed]).until() for seed in seeds]
    claims = [claim for claim in preset.claims if not claim.completes]
    verdicts = [list(judge(claims, end, lambda prompt: "")) for end in ends]
    return {
        "seeds": seeds,
        "memorized_at": [end.memorized_at and end.memorized_at["to"] for end in ends],
        "grokked_at": [end.grokked_at and end.grokked_at["to"] for end in ends],
        "spikes": [[spike.onset for spike in end.spikes] for end in ends],
        "claims": [
            {
                "claim": statement(claim),
                "measured": [
                    None if verdict.measured != verdict.measured else verdict.measured
                    for verdict in of_claim
                ],
                "at_step": [verdict.step for verdict in of_claim],
                "met": sum(verdict.status == "met" for verdict in of_claim),
                "of": len(of_claim),
            }
            for claim, of_claim in zip(claims, zip(*verdicts, strict=True), strict=True)
        ],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))

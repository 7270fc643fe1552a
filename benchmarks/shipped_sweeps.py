"""Writes the results of the shipped sweeps, and their tables as Markdown.

    memlab sweep run NAME --jobs 2 --runs RUNS        # for each file in presets/sweeps; resumable
    python benchmarks/shipped_sweeps.py RUNS | python tools/section.py benchmarks/results/README.md sweeps

Writes benchmarks/results/NAME.json for every shipped sweep that is finished in RUNS. The claims are those
of the sweep file as it is now, compared with the members in RUNS.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from memlab.claims.sweep_verdicts import events_of, judge_sweep, sweep_statement
from memlab.errors import MemlabError
from memlab.sweeps.footer import footer_lines
from memlab.sweeps.load import load_sweep
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.schema import SweepClaim
from memlab.sweeps.statistics import FinalValues
from memlab.sweeps.sweep import find_sweep
from memlab.sweeps.tables import Results

ROOT = Path(__file__).resolve().parents[1]
MEASURE = "val_accuracy"


def main(runs: Path) -> None:
    """Write the results of each finished sweep and print its table."""
    for path in sorted((ROOT / "presets/sweeps").glob("*.yaml")):
        source = load_sweep(str(path))
        claims = source.file.claims
        try:
            results = Results(SweepProgress(find_sweep(runs, path.stem)), events_of(claims))
        except MemlabError as error:
            print(f"{path.stem}: {error}", file=sys.stderr)
            continue
        if results.status != "finished":
            print(f"{path.stem}: {results.status}", file=sys.stderr)
            continue
        text = json.dumps(results.to_json(), indent=1)
        (ROOT / f"benchmarks/results/{path.stem}.json").write_text(f"{text}\n", "utf-8")
        print("\n".join(page(path.stem, source.file.about, results, claims)))


def page(name: str, about: str, results: Results, claims: Sequence[SweepClaim]) -> Iterator[str]:
    """The lines of one sweep: its question, a row per cell, its claims."""
    yield f"### {name}\n\n{about}\n"
    titles = ["cell", *results.events, f"final {MEASURE}"]
    yield f"| {' | '.join(titles)} |"
    yield "|---" * len(titles) + "|"
    for cell in results.cells:
        events = [str(cell.event(event)) for event in results.events]
        row = [cell.cell.label or "all", *events, final_text(cell.final(MEASURE))]
        yield f"| {' | '.join(row)} |"
    yield f"\n{' '.join(footer_lines(results)[:2])}\n"
    for verdict in judge_sweep(claims, results):
        yield f"- **{verdict.status}** ({verdict.measured}): {sweep_statement(verdict.claim)}"
    yield ""


def final_text(values: FinalValues) -> str:
    """For example `0.985 ± 0.021`."""
    return f"{values.mean:.3f} ± {values.std:.3f}" if values.n > 1 else f"{values.mean:.3f}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The claims of a run or a sweep with their verdicts, as JSON values."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memlab.claims.sweep_verdicts import SweepVerdict
    from memlab.claims.verdicts import Verdict
    from memlab.preset.schema import Preset
    from memlab.record.folder import RunFolder
    from memlab.sweeps.sweep import Sweep

RUN_KEYS = ("run", "preset", "status", "step", "steps", "seed", "seconds", "device")
"""keys of a run's summary that are part of its report"""


def run_report(folder: "RunFolder", preset: "Preset", device: str) -> dict[str, Any]:
    """The result of `memlab verify` for the claims of a preset and a run with its settings."""
    from memlab.claims.departures import departures
    from memlab.claims.verdicts import judge, statement
    from memlab.cli.completion import completion
    from memlab.record.history import History
    from memlab.record.summary import summarize

    history = History(folder)
    summary = summarize(folder, history).to_json()
    departed = departures(folder)
    verdicts = judge(
        preset.claims,
        history.until(),
        completion(folder, device),
        shortened=departed.shortened,
    )
    return {
        **{key: summary[key] for key in RUN_KEYS},
        "about": preset.about,
        "settings_changed": departed.to_json(),
        "versions": folder.description.get("versions", {}),
        "claims": [
            _claim(verdict, statement(verdict.claim), at_step=verdict.step) for verdict in verdicts
        ],
    }


def sweep_report(sweep: "Sweep") -> dict[str, Any]:
    """The result of `memlab verify` for a sweep."""
    from memlab.claims.sweep_verdicts import events_of, judge_sweep, sweep_claims, sweep_statement
    from memlab.sweeps.progress import SweepProgress
    from memlab.sweeps.tables import Results

    claims = sweep_claims(sweep)
    results = Results(SweepProgress(sweep), events_of(claims))
    return {
        "sweep": sweep.id,
        "preset": sweep.name,
        "status": results.status,
        "members": results.counts,
        "about": sweep.plan.about,
        "settings_changed": {},
        "versions": {},
        "claims": [
            _claim(verdict, sweep_statement(verdict.claim))
            for verdict in judge_sweep(claims, results)
        ],
    }


def _claim(
    verdict: "Verdict | SweepVerdict", statement: str, at_step: int | None = None
) -> dict[str, Any]:
    return {
        "claim": statement,
        "source": verdict.claim.source,
        "reported": verdict.claim.reported,
        "measured": verdict.measured,
        "at_step": at_step,
        "status": verdict.status,
    }

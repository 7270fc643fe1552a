"""The claims of a sweep with their verdicts, in the form used for runs."""

from typing import Any

from memlab.claims.sweep_verdicts import (
    events_of,
    judge_sweep,
    sweep_claims,
    sweep_statement,
)
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.tables import Results


def sweep_report(sweep: Sweep) -> dict[str, Any]:
    """The result of `memlab verify` for a sweep."""
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
            {
                "claim": sweep_statement(verdict.claim),
                "source": verdict.claim.source,
                "reported": verdict.claim.reported,
                "measured": verdict.measured,
                "at_step": None,
                "status": verdict.status,
            }
            for verdict in judge_sweep(claims, results)
        ],
    }

"""Notes and warnings about an imported log."""

from memlab.formats import Log


def restart_notes(log: Log) -> list[str]:
    """Notes on the places where the steps of a log go back."""
    return [
        f"{run.name}: the steps go back {run.attempts - 1} time{'s' * (run.attempts > 2)}, to "
        f"{', '.join(f'{step:,}' for step in run.restarts()[:5])}; {run.n_replaced:,} values were "
        "replaced by later ones"
        for run in log.runs
        if run.attempts > 1
    ]


def print_notes(log: Log) -> None:
    from memlab.cli.output import stderr
    from memlab.record.safe_text import safe_text

    lines = [f"note: {note}" for note in (*log.notes, *restart_notes(log))]
    lines += [f"warning: {warning}" for warning in log.warnings]
    if log.damage:
        lines.append(f"warning: {log.damage}; everything before it was read")
    for line in lines:
        stderr().print(safe_text(line, limit=1000), markup=False)

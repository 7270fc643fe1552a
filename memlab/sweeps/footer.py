"""The footer of the tables of a sweep in words."""

from memlab.sweeps.tables import Results


def footer_lines(results: Results) -> list[str]:
    """Remarks that are needed to interpret the numbers."""
    footer = results.footer
    seeds = ", ".join(map(str, footer["seeds"]))
    budget = " or ".join(f"{steps:,}" for steps in footer["budget"])
    every = " or ".join(map(str, footer["evaluation_every"]))
    missing = [f"{footer[k]} {k}" for k in ("unfinished", "failed", "diverged", "stopped")]
    threads = " or ".join(map(str, footer["threads"])) or "-"
    fork = footer["fork"]
    shared = fork and f"Forked from run {fork['run']}: steps up to {fork['at']:,} are shared."
    return [
        f"Seeds {seeds} vary {', '.join(footer['vary']) or 'nothing'}. Budget {budget} steps.",
        *([shared] if shared else []),
        *(f"{name}: {definition}." for name, definition in footer["events"].items()),
        f"Steps are those of the first evaluation that shows the event; evaluated every {every}. "
        "Range over all seeds; > = not reached by then (Kaplan-Meier median).",
        "Final values: mean ± sample standard deviation of single runs [min, max], finished members.",
        f"Members: {', '.join(missing)}; diverged and stopped ones are censored where they ended.",
        f"Threads {threads}; {'; '.join(footer['versions']) or 'no member trained yet'}.",
    ]

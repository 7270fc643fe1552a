"""The footer of the result tables of a sweep as text."""

from memlab.sweeps.plan import seed_changes
from memlab.sweeps.tables import Results


def footer_lines(results: Results) -> list[str]:
    """Lines with the information that is needed to interpret the numbers."""
    footer = results.footer
    seeds = ", ".join(map(str, footer["seeds"]))
    budget = " or ".join(f"{steps:,}" for steps in footer["budget"])
    every = " or ".join(map(str, footer["evaluation_every"]))
    incomplete = [f"{footer[k]} {k}" for k in ("unfinished", "failed", "diverged", "stopped")]
    word, verb = ("Seed", "sets") if len(footer["seeds"]) == 1 else ("Seeds", "set")
    varied = f" {verb} {', '.join(seed_changes(footer['vary'], 0))}" if footer["vary"] else ""
    threads = " or ".join(map(str, footer["threads"])) or "-"
    fork = footer["fork"]
    shared = fork and f"Forked from run {fork['run']}: steps up to {fork['at']:,} are shared."
    missing = ", ".join(f"additions/{name}" for name in footer["missing"])
    settings = ", ".join(f"{key}={value}" for key, value in footer["settings"].items())
    return [
        *(
            [f"Missing or damaged: {missing}. Members that it added are left out."]
            if missing
            else []
        ),
        *([f"Preset {footer['base']} with {settings}."] if settings else []),
        f"{word} {seeds}{varied}. Budget {budget} steps.",
        *([shared] if shared else []),
        *(f"{name}: {definition}." for name, definition in footer["events"].items()),
        f"Step of an event: the first evaluation that shows it; evaluated every {every} steps. "
        "Medians are Kaplan-Meier estimates, ranges include all seeds; >N: not reached by step N.",
        "Final values: mean ± sample standard deviation over finished members [min, max].",
        f"Members: {', '.join(incomplete)}; diverged and stopped members are censored at their end.",
        f"Threads {threads}; {'; '.join(footer['versions']) or 'no member trained yet'}.",
    ]

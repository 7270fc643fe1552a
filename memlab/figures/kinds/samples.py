"""`samples`: the answers to the same prompts over time, token by token."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import Answers, AnswerToken, FigureData
from memlab.figures.source import FigureOptions, RunSource
from memlab.record.events import Samples

MAX_COLUMNS, MAX_ROWS = 9, 16


def samples(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """Answers of a run at up to nine evaluations: the first, the last and those with most changes."""
    (run,) = runs
    recorded = run.now.samples
    if not recorded:
        raise nothing_to_draw("samples", "the run has no samples", [run.id])
    max_columns = MAX_COLUMNS if options.columns > 1100 else 6
    columns = [recorded[i] for i in _columns(recorded, max_columns)]
    rows = [raw for raw in columns[-1].samples[:MAX_ROWS] if isinstance(raw, dict)]
    answers = Answers(
        steps=tuple(event.step for event in columns),
        prompts=tuple(f"{raw.get('split', '')}  {raw.get('prompt', '')}" for raw in rows),
        targets=tuple(str(raw.get("target", "")) for raw in rows),
        tokens=tuple(tuple(_tokens(event, i) for event in columns) for i in range(len(rows))),
    )
    title = f"{run.name}: answers over time"
    return FigureData("samples", (answers,), (run.id,), title=title)


def _columns(recorded: Sequence[Samples], n: int) -> list[int]:
    """Indices of at most `n` evaluations, ascending: those at which most tokens changed."""
    last = len(recorded) - 1
    changed = [_differences(recorded[i - 1], recorded[i]) for i in range(1, len(recorded))]
    order = np.argsort(-np.array(changed, np.int64), kind="stable")[: max(n - 2, 0)] + 1
    chosen = {0, last, *(int(i) for i in order if changed[i - 1])}
    for i in np.geomspace(1, max(last, 1), n).astype(int).tolist():
        if len(chosen) < n:
            chosen.add(min(i, last))
    return sorted(chosen)


def _differences(before: Samples, after: Samples) -> int:
    return sum(
        a.ok != b.ok
        for i in range(len(after.samples))
        for a, b in zip(_tokens(before, i), _tokens(after, i), strict=False)
    )


def _tokens(event: Samples, i: int) -> tuple[AnswerToken, ...]:
    raw: Any = event.samples[i] if i < len(event.samples) else {}
    tokens = raw.get("tokens") if isinstance(raw, dict) else None
    return tuple(_token(token) for token in tokens or () if isinstance(token, dict))


def _token(raw: dict[str, Any]) -> AnswerToken:
    p = raw.get("p")
    probability = float(p) if isinstance(p, int | float) else float("nan")
    return AnswerToken(str(raw.get("text", "")), probability, raw.get("ok") is True)


KIND = Kind("samples", "Answers to the same prompts over time, token by token.", "run", samples)

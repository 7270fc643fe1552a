"""`samples`: the answers to the same prompts over time, token by token."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import Answers, AnswerToken, FigureData
from memlab.figures.source import FigureOptions, RunSource
from memlab.record.events import Samples

MOST_COLUMNS, MOST_ROWS = 9, 16


def samples(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """What a run answered at up to nine evaluations: the first, the last and where most changed."""
    (run,) = runs
    taken = run.now.samples
    if not taken:
        raise nothing_to_draw("samples", "no samples were taken", [run.id])
    most = MOST_COLUMNS if options.columns > 1100 else 6
    columns = [taken[i] for i in _columns(taken, most)]
    rows = [raw for raw in columns[-1].samples[:MOST_ROWS] if isinstance(raw, dict)]
    places = range(len(rows))
    answers = Answers(
        steps=tuple(event.step for event in columns),
        prompts=tuple(f"{raw.get('split', '')}  {raw.get('prompt', '')}" for raw in rows),
        targets=tuple(str(raw.get("target", "")) for raw in rows),
        tokens=tuple(tuple(_tokens(event, i) for event in columns) for i in places),
    )
    title = f"{run.name}: answers over time"
    return FigureData("samples", (answers,), (run.id,), title=title)


def _columns(taken: Sequence[Samples], most: int) -> list[int]:
    """Indices of the evaluations shown, ascending: those before which most tokens changed."""
    last = len(taken) - 1
    changed = [_differences(taken[i - 1], taken[i]) for i in range(1, len(taken))]
    order = np.argsort(-np.array(changed, np.int64), kind="stable")[: max(most - 2, 0)] + 1
    chosen = {0, last, *(int(i) for i in order if changed[i - 1])}
    for i in np.geomspace(1, max(last, 1), most).astype(int).tolist():
        if len(chosen) < most:
            chosen.add(min(i, last))
    return sorted(chosen)


def _differences(before: Samples, after: Samples) -> int:
    return sum(
        a.ok != b.ok
        for i in range(len(after.samples))
        for a, b in zip(_tokens(before, i), _tokens(after, i), strict=False)
    )


def _tokens(event: Samples, place: int) -> tuple[AnswerToken, ...]:
    raw: Any = event.samples[place] if place < len(event.samples) else {}
    tokens = raw.get("tokens") if isinstance(raw, dict) else None
    return tuple(_token(token) for token in tokens or () if isinstance(token, dict))


def _token(raw: dict[str, Any]) -> AnswerToken:
    p = raw.get("p")
    probability = float(p) if isinstance(p, int | float) else float("nan")
    return AnswerToken(str(raw.get("text", "")), probability, raw.get("ok") is True)


KIND = Kind("samples", "The same prompts over time, token by token.", "run", samples)

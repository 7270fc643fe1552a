"""Draw answers over time: one row per sample, one column per evaluation, one box per token.

Correct tokens have a light background, wrong ones a dark background. The bar below a token is its
probability.
"""

from typing import Any

import numpy as np

from memlab.charts.scale import short
from memlab.figures.plot import Answers, AnswerToken
from memlab.figures.style import BLUE, VERMILLION, Style
from memlab.figures.text import plain

WRONG = "#E8A06A"
RIGHT = "#EAF3FA"
_MAX_LETTERS = 12
"""longer tokens are cut"""


def answers_height(panel: Answers, style: Style) -> float:
    """Height in inches."""
    return (len(panel.prompts) + 1.5) * 2.1 * style.font / 72


def draw_answers(axes: Any, panel: Answers, style: Style) -> dict[str, Any]:
    """Draw the answers; returns the legend entries: label to handle."""
    from matplotlib.patches import Patch, Rectangle

    for i, row in enumerate(panel.tokens):
        for j, cell in enumerate(row):
            left, widths = j - 0.46, _widths(cell)
            for token, width in zip(cell, widths, strict=True):
                axes.add_patch(
                    Rectangle((left, i - 0.42), width, 0.84, linewidth=0.4, edgecolor="#9A9A9A",
                              facecolor=RIGHT if token.ok else WRONG)
                )  # fmt: skip
                probability = token.p if 0 <= token.p <= 1 else 0.0
                axes.add_patch(
                    Rectangle((left, i + 0.3), width * probability, 0.12, linewidth=0,
                              facecolor=BLUE if token.ok else VERMILLION)
                )  # fmt: skip
                letters = max(len(_shown(token)), 1)
                room = width * 0.74 * style.width * 72 / max(len(panel.steps), 1)
                size = min(0.85 * style.font, room / letters / 0.66)
                axes.text(
                    left + width / 2, i - 0.06, plain(_shown(token)), ha="center", va="center",
                    fontsize=size,
                )  # fmt: skip
                left += width
    axes.set_xlim(-0.5, max(len(panel.steps), 1) - 0.5)
    axes.set_ylim(len(panel.prompts) - 0.5, -0.5)
    axes.set_xticks(range(len(panel.steps)), [short(step) for step in panel.steps])
    labels = [
        f"{plain(prompt, 28)}  ({plain(target, 14)})"
        for prompt, target in zip(panel.prompts, panel.targets, strict=True)
    ]
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(length=0)
    axes.set_xlabel("step")
    for spine in axes.spines.values():
        spine.set_visible(False)
    return {
        "correct": Patch(facecolor=RIGHT, edgecolor="#9A9A9A"),
        "wrong": Patch(facecolor=WRONG, edgecolor="#9A9A9A"),
        "probability of the token": Patch(facecolor=BLUE),
    }


def _shown(token: AnswerToken) -> str:
    text = token.text
    if len(text) > _MAX_LETTERS:
        text = text[: _MAX_LETTERS - 1] + "…"
    return text.replace(" ", "␣") if text.strip() == "" else text


def _widths(cell: tuple[AnswerToken, ...]) -> list[float]:
    """Widths of the boxes, proportional to the lengths of the tokens; they sum to 0.92."""
    lengths = np.array([max(len(_shown(token)), 1) + 0.6 for token in cell])
    return (0.92 * lengths / max(lengths.sum(), 1)).tolist() if len(cell) else []

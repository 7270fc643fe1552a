"""`memlab predict`: completes prompts with a trained model."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from memlab.cli.options import Checkpoint, Device, Json, RunName, RunsFolder

if TYPE_CHECKING:
    from memlab.training.predictions import Prediction, Repeated


def predict(
    run: RunName,
    prompts: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROMPT", help="Prompts; omit to enter them one by one."),
    ] = None,
    at: Checkpoint = "last",
    temperature: Annotated[
        float | None,
        typer.Option(min=0.0, help="0 = greedy decoding.", show_default="0, or 1 with --repeat"),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(min=1, help="Sample from the K most likely tokens.")
    ] = None,
    repeat: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Sample N answers to each prompt and count them."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Random seed of the sampling.")
    ] = 0,
    device: Device = "auto",
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Complete prompts; without prompts, read them from the terminal until an empty line."""
    from memlab.cli.output import print_json
    from memlab.record.runs import find, runs_folder
    from memlab.training import predictions
    from memlab.training.trained_model import load_model

    trained = load_model(find(runs_folder(runs), run), at, device)
    if temperature is None:
        temperature = 0.0 if repeat is None else 1.0

    def complete(texts: list[str]) -> "list[Prediction]":
        inputs = [text for text in texts for _ in range(repeat or 1)]
        return predictions.complete(
            trained, inputs, temperature=temperature, top_k=top_k, seed=seed
        )

    def answer(texts: list[str]) -> None:
        completions = complete(texts)
        for prediction in completions if repeat is None else ():
            _print(prediction)
        for repeated in () if repeat is None else predictions.count_answers(completions):
            _print_repeated(repeated)

    if prompts is None:
        _answer_typed_prompts(answer)
    elif json:
        completions = complete(prompts)
        shown = (
            {"completions": [prediction.to_json() for prediction in completions]}
            if repeat is None
            else {"repeated": [r.to_json() for r in predictions.count_answers(completions)]}
        )
        print_json({"run": run, "step": trained.step, **shown})
    else:
        answer(prompts)


def _answer_typed_prompts(answer: Callable[[list[str]], None]) -> None:
    from memlab.cli.output import stderr
    from memlab.errors import DataError

    while True:
        try:
            text = input("prompt> ")
        except EOFError:
            break
        if not text:
            break
        try:
            answer([text])
        except DataError as error:
            stderr().print(str(error), markup=False)


def _print(prediction: "Prediction") -> None:
    from rich.text import Text

    from memlab.cli.output import stdout
    from memlab.record.safe_text import safe_text

    line = Text(safe_text(prediction.prompt, 400) + " → ", style="dim")
    for i, token in enumerate(prediction.tokens):
        line.append(prediction.joiner if i else "")
        # Uncertain tokens are underlined, not only coloured.
        sure = token.p >= 0.5
        line.append(safe_text(token.text), style="bold" if sure else "yellow underline")
    lowest = min((token.p for token in prediction.tokens), default=1.0)
    line.append(f"   p >= {lowest:.3f}", style="dim")
    stdout().print(line)


def _print_repeated(repeated: "Repeated") -> None:
    from memlab.cli.output import stdout
    from memlab.record.safe_text import safe_text

    n = sum(repeated.answers.values())
    answers = [f"{safe_text(text)} ({count})" for text, count in repeated.answers.items()]
    line = f"{safe_text(repeated.prompt, 400)} → {', '.join(answers)}"
    stdout().print(f"{line}   {repeated.agreement:.0%} of {n} agree", markup=False, soft_wrap=True)

"""`memlab predict`: completes prompts with a trained model."""

from typing import Annotated, Any

import typer

from memlab.cli.options import Checkpoint, Device, Json, RunName, RunsFolder


def predict(
    run: RunName,
    prompts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROMPT ...]", help="Omit to enter them one by one."),
    ] = None,
    at: Checkpoint = "last",
    temperature: Annotated[float, typer.Option(min=0.0, help="0 = greedy decoding.")] = 0.0,
    top_k: Annotated[
        int | None, typer.Option(min=1, help="Sample from the K most likely tokens.")
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
    from memlab.training.answers import complete
    from memlab.training.trained_model import load_model

    trained = load_model(find(runs_folder(runs), run), at, device)

    def answer(texts: list[str]) -> list[dict[str, Any]]:
        return complete(trained, texts, temperature=temperature, top_k=top_k, seed=seed)

    if prompts is None:
        _converse(answer)
    elif json:
        print_json({"run": run, "step": trained.step, "completions": answer(prompts)})
    else:
        for completion in answer(prompts):
            _print(completion)


def _converse(answer: Any) -> None:
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
            _print(answer([text])[0])
        except DataError as error:
            stderr().print(str(error), markup=False)


def _print(completion: dict[str, Any]) -> None:
    from rich.text import Text

    from memlab.cli.output import stdout
    from memlab.record.safe_text import safe_text

    line = Text(safe_text(completion["prompt"], 400) + " → ", style="dim")
    for token in completion["tokens"]:
        # An unsure token is marked by more than its colour.
        sure = token["p"] >= 0.5
        line.append(safe_text(token["text"]), style="bold" if sure else "yellow underline")
    lowest = min((token["p"] for token in completion["tokens"]), default=1.0)
    line.append(f"   p >= {lowest:.3f}", style="dim")
    stdout().print(line)

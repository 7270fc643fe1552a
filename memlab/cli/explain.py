"""`memlab explain`: tests what causes a spike by recomputing it with changes."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Device, Json, RunName, RunsFolder

if TYPE_CHECKING:
    from memlab.record.events import Spike
    from memlab.record.folder import RunFolder
    from memlab.record.snapshot import Snapshot


def explain(
    run: RunName,
    spike: Annotated[
        int | None,
        typer.Option(
            "--spike", metavar="N", help="Number of the spike, from 1, in order of onset."
        ),
    ] = None,
    at: Annotated[
        int | None, typer.Option("--at", metavar="STEP", help="Step of the spike.")
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Explain the 8 highest and 8 random spikes; can be interrupted."
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            min=1,
            help="Processes that recompute at once; on a GPU always one.",
            show_default="cores / threads of the run",
        ),
    ] = None,
    device: Device = "auto",
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Recompute a spike, by default the highest, with one change at a time.

    A change is reported as a cause only if it prevents the spike and none of five placebos does.
    Results are stored in the run's `derived/` folder. Exit code 3 if recomputed rows differ.
    """
    from memlab.cli.output import print_json, stderr
    from memlab.errors import RunError
    from memlab.record.history import History
    from memlab.record.runs import find, runs_folder
    from memlab.training.explain.explain import explain_spike

    if (spike is not None) + (at is not None) + every > 1:
        raise RunError(
            "more than one way to select spikes", allowed="one of --spike, --at and --all"
        )
    folder = find(runs_folder(runs), run)
    jobs = jobs or _jobs_for(folder)
    documents = []
    for chosen in _chosen(History(folder).until(), spike, at, every=every):
        document = explain_spike(
            folder, chosen, device, lambda line: stderr().print(line, markup=False), jobs=jobs
        )
        documents.append(document)
        if not json:
            _print(document)
        elif not document["recomputed"]["equal"]:
            stderr().print(document["sentence"], markup=False)
    if json:
        print_json(documents if every else documents[0])
    if not all(document["recomputed"]["equal"] for document in documents):
        raise typer.Exit(3)


def _jobs_for(folder: "RunFolder") -> int:
    """How many processes with the threads of this run the cores of this machine can run at once."""
    from memlab.sweeps.local import jobs_here

    attempts = folder.attempts()
    return jobs_here(attempts[0].info.get("threads") or 1 if attempts else 1)


def _chosen(
    recorded: "Snapshot", number: int | None, at: int | None, *, every: bool
) -> "list[Spike]":
    from memlab.training.explain.explain import chosen_spike, spikes_of_all

    if every:
        return spikes_of_all(recorded)
    return [chosen_spike(recorded, number=number, at=at)]


def _print(document: dict[str, Any]) -> None:
    from memlab.cli.output import number, stdout, table

    out = stdout()
    spike, recomputed = document["spike"], document["recomputed"]
    out.print(
        f"spike at step {spike['step']:,}: {number(spike['base'], 3)} to "
        f"{number(spike['peak'], 3)} at step {spike['peak_step']:,}; recomputed from step "
        f"{recomputed['from']:,}, rows {'equal' if recomputed['equal'] else 'differ'}",
        markup=False,
    )
    rows = [
        [c["change"], c["kind"], c["effect"], number(c["peak"], 3), f"{c['peak_step']:,}"]
        for c in document["changes"]
    ]
    if rows:
        headers = ["change", "kind", "effect", "peak", "at step"]
        out.print(table(headers, rows, numbers=headers[3:]))
    out.print(document["sentence"], markup=False, soft_wrap=True)

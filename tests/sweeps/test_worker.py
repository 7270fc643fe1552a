"""Workers: same bits as single runs, nothing trained twice, failures, added seeds and steps."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from memlab.cli.sweep_execute import execute_sweep
from memlab.cli.sweep_tables import print_results
from memlab.cli.sweep_work import MemberTraining
from memlab.errors import BusyError, MemlabError
from memlab.preset.create import create_run
from memlab.preset.load import load as load_preset
from memlab.record import attempt, process
from memlab.record.folder import RunFolder
from memlab.record.runs import find
from memlab.record.summary import planned_steps, summarize
from memlab.sweeps.adopt import adopt_runs
from memlab.sweeps.change import add_seeds, add_steps, delete_sweep
from memlab.sweeps.executor import Executor
from memlab.sweeps.footer import footer_lines
from memlab.sweeps.progress import SweepProgress, counts, status_of
from memlab.sweeps.sweep import Sweep, find_sweep
from memlab.sweeps.tables import Results
from memlab.sweeps.worker import Trainer, Worker, create_member
from memlab.training.worker import work


def trainer(train=work) -> Trainer:
    return MemberTraining("cpu")()._replace(train=train)


def weights(folder: RunFolder) -> str:
    return folder.attempts()[-1].end["summary"]["weights_sha256"]


def attempts(sweep: Sweep) -> list[int]:
    return [len(RunFolder(sweep.runs / m.run).attempts()) for m in sweep.members]


def counted(sweep: Sweep) -> dict[str, int]:
    return counts(SweepProgress(sweep).read())


def test_members_have_the_same_bits_as_single_runs(make, base, tmp_path):
    sweep = make("weight_decay=0,1", seeds=2)
    Worker(sweep, trainer()).run()
    for member in sweep.members:
        decay = sweep.cells[member.cell].at["optimizer.weight_decay"]
        preset = load_preset(str(base), [f"weight_decay={decay}", f"training.seed={member.seed}"])
        alone = create_run(preset, tmp_path / "alone")
        list(work(alone, threads=1))
        assert weights(alone) == weights(RunFolder(sweep.runs / member.run))
    assert status_of(sweep, counted(sweep)) == "finished"


def test_a_second_worker_trains_nothing_after_the_first(make):
    sweep = make(seeds=2)
    Worker(sweep, trainer()).run()
    Worker(sweep, trainer()).run()
    assert attempts(sweep) == [1, 1]


def test_a_worker_that_restored_before_another_finished_does_not_train_again(make):
    sweep = make()
    folder = create_member(sweep, sweep.members[0])
    slow = work(folder, after=0)
    list(work(folder))
    with pytest.raises(BusyError):
        next(slow)
    assert attempts(sweep) == [1]


def test_a_member_is_created_once(make):
    sweep = make(seeds=2)
    create_member(sweep, sweep.members[1])
    with pytest.raises(OSError):
        create_member(sweep, sweep.members[1])
    Worker(sweep, trainer()).run()
    assert counted(sweep)["finished"] == 2


def test_a_worker_leaves_a_member_to_the_live_process_that_created_it(make, monkeypatch):
    sweep = make(seeds=2)
    parent = {**process.identity(), "pid": os.getppid()}
    parent["pid_start"] = process.start_time(os.getppid())
    with monkeypatch.context() as patch:
        patch.setattr(process, "identity", lambda: parent)
        create_member(sweep, sweep.members[0])
    Worker(sweep, trainer()).run(wait=False)
    assert attempts(sweep) == [0, 1]


def test_run_json_names_the_sweep_and_last_is_the_last_run_outside_of_sweeps(make, base, tmp_path):
    sweep = make("lr=0.1,0.2")
    direct = create_run(load_preset(str(base)), sweep.runs)
    Worker(sweep, trainer()).run()
    later = make("lr=0.3,0.4")
    Worker(later, trainer()).run()
    stored = RunFolder(sweep.runs / sweep.members[1].run).description["sweep"]
    assert (stored["id"], stored["cell"], stored["at"]) == (sweep.id, 1, {"optimizer.lr": 0.2})
    assert find(sweep.runs, "last").id == direct.id


def test_a_member_that_fails_twice_with_the_same_error_is_not_retried_until_resume(make):
    sweep = make("lr=0.1,0.2")
    failing_run = sweep.members[0].run

    def failing(folder, **options) -> Iterator:
        def interrupted() -> bool:
            if folder.id == failing_run:
                raise RuntimeError("broken")
            return options["interrupted"]()

        return work(folder, **{**options, "interrupted": interrupted})

    Worker(sweep, trainer(failing)).run()
    assert attempts(sweep) == [2, 1]
    state = SweepProgress(sweep).read()[0]
    assert (state.state, state.reason) == (
        "failed",
        "failed twice with the same error: RuntimeError: broken",
    )
    assert status_of(sweep, counted(sweep)) == "failed"
    sweep.resume({failing_run: 2})
    Worker(sweep, trainer()).run()
    assert counted(sweep)["finished"] == 2


def test_a_member_fails_after_its_process_died_three_times(make):
    sweep = make("lr=0.1,0.2")
    failing_run = sweep.members[0].run

    def dying(folder, **options) -> Iterator:
        events = work(folder, **options)
        if folder.id != failing_run:
            return events
        next(events)
        events.gi_frame.f_locals["writer"].close()  # as if the process had died
        return iter(())

    Worker(sweep, trainer(dying)).run()
    assert attempts(sweep) == [3, 1]
    assert "died 3 times" in SweepProgress(sweep).read()[0].reason


def test_a_member_of_a_lost_machine_is_resumed_once_its_heartbeat_has_stalled(make, monkeypatch):
    sweep = make()
    folder = create_member(sweep, sweep.members[0])
    elsewhere = {**process.identity(), "host": "elsewhere", "machine_id": "another"}
    with monkeypatch.context() as patch:
        patch.setattr(process, "identity", lambda: elsewhere)
        events = work(folder)
        next(events)
        events.gi_frame.f_locals["writer"].close()  # as if the process had died
    monkeypatch.setattr(attempt, "STANDSTILL", 0.05)
    worker = Worker(sweep, trainer())
    assert SweepProgress(sweep).read()[0].state == "running"
    assert worker.take(sweep.members[0].run)
    assert attempts(sweep) == [2]
    assert counted(sweep)["finished"] == 1


def test_a_member_fails_after_it_could_not_start_twice(make):
    sweep = make("lr=0.1,0.2")

    def refuse(folder, **options) -> Iterator:
        raise MemlabError("no room")

    Worker(sweep, trainer(refuse)).run()
    assert counted(sweep)["failed"] == 2
    assert attempts(sweep) == [0, 0]


def test_a_stopped_sweep_resumes_with_the_same_bits(make, base, tmp_path):
    sweep, undisturbed = make(seeds=2), make(seeds=2)
    Worker(undisturbed, trainer()).run()

    def stopping(folder, **options) -> Iterator:
        for event in work(folder, **options):
            if event.kind == "evaluated" and event.step == 5:
                sweep.stop()
                worker._checked_at = float("-inf")  # the next step checks for a stop
            yield event

    worker = Worker(sweep, trainer(stopping))
    worker.run()
    assert sweep.stopped
    assert counted(sweep)["finished"] < 2
    Worker(sweep, trainer()).run()  # it stays stopped
    assert counted(sweep)["finished"] < 2
    sweep.resume({})
    Worker(sweep, trainer()).run()
    assert [weights(RunFolder(sweep.runs / m.run)) for m in sweep.members] == [
        weights(RunFolder(undisturbed.runs / m.run)) for m in undisturbed.members
    ]


def test_added_seeds_and_steps_have_the_same_bits_as_longer_single_runs(make, base, tmp_path):
    sweep = make("lr=0.01,0.02")
    Worker(sweep, trainer()).run()
    sweep = add_seeds(sweep, 1)
    assert [m.seed for m in sweep.members] == [0, 0, 1, 1]
    sweep = add_steps(sweep, "training.steps=30")
    assert counted(sweep)["queued"] == 4
    Worker(sweep, trainer()).run()
    assert counted(sweep)["finished"] == 4
    for member in sweep.members:
        lr = sweep.cells[member.cell].at["optimizer.lr"]
        long = load_preset(str(base), [f"lr={lr}", "steps=30", f"training.seed={member.seed}"])
        alone = create_run(long, tmp_path / "alone")
        list(work(alone, threads=1))
        assert weights(alone) == weights(RunFolder(sweep.runs / member.run))


@pytest.mark.parametrize(
    ("seeds", "found"),
    [
        (0, "0 seeds"),
        (-5, "-5 seeds"),
        ([-1, 7], "-1, 7"),
        ([2**63], str(2**63)),
        ([1, 1], "1, 1"),
        ([0], "0"),
        (20_000, "20,001"),
        (10**20, f"{10**20 + 1:,}"),
    ],
)
def test_seeds_that_are_not_valid_are_not_added(make, seeds, found):
    sweep = make("steps=5")
    with pytest.raises(MemlabError, match=rf"(?s)(cannot be added|too many).*found: {found}\n"):
        add_seeds(sweep, seeds)


def test_members_are_not_extended_where_the_schedule_depends_on_the_length(make):
    with pytest.raises(MemlabError, match="schedule depends on steps"):
        add_steps(make("schedule=cosine,linear"), "training.steps=30")


def test_an_adopted_sweep_has_the_axes_in_which_its_runs_differ(base, tmp_path):
    runs = tmp_path / "runs"
    folders = [
        create_run(load_preset(str(base), [f"lr={lr}", f"training.seed={seed}"]), runs)
        for lr in (0.01, 0.02)
        for seed in (0, 1)
    ]
    for folder in folders[:3]:
        list(work(folder))
    sweep = adopt_runs(runs, folders, "mine")
    assert [(axis.key, axis.values) for axis in sweep.axes] == [("optimizer.lr", (0.01, 0.02))]
    assert [m.seed for m in sweep.members] == [0, 1, 0, 1]
    assert counted(sweep) == {
        "total": 4, "finished": 3, "running": 0, "queued": 1, "failed": 0, "diverged": 0, "stopped": 0,
    }  # fmt: skip
    delete_sweep(sweep)
    assert all(folder.path.exists() for folder in folders)


def test_deleting_a_sweep_moves_its_members_to_the_trash(make):
    sweep = make(seeds=2)
    Worker(sweep, trainer()).run()
    moved = delete_sweep(sweep)
    assert moved == [m.run for m in sweep.members]
    assert not any((sweep.runs / run).exists() for run in moved)
    with pytest.raises(MemlabError):
        find_sweep(sweep.runs, sweep.id)


def test_tables_agree_with_the_runs(make):
    sweep = make("weight_decay=0,1", seeds=3)
    Worker(sweep, trainer()).run()
    results = Results(SweepProgress(sweep), ["train_accuracy>=0.2"])
    for cell in results.cells:
        runs = [summarize(RunFolder(sweep.runs / s.member.run)).to_json() for s in cell.states]
        values = [run["final"]["val_loss"] for run in runs]
        assert cell.final("val_loss").mean == pytest.approx(sum(values) / 3)
        event = cell.event("train_accuracy>=0.2")
        assert event.of == 3
    document = results.to_json(["val_loss"])
    assert document["members"]["finished"] == 6
    (pair,) = document["paired"]
    assert (pair["from"], pair["to"], pair["n"], pair["p"]) == (0, 1, 3, None)
    assert document["footer"]["threads"] == [1]
    assert (
        document["cells"][0]["grokked"]["high"] is None
        or document["cells"][0]["grokked"]["reached"] == 3
    )


def test_long_names_of_cells_leave_room_for_the_results(make, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    axes = ("lr=1,2", "weight_decay=0,1", "betas=[0.9,0.98],[0.9,0.99]", "clip_grad_norm=1,2")
    print_results(Results(SweepProgress(make(*axes))))
    assert "memorized" in capsys.readouterr().out.splitlines()[1]


class _AddsASeed(Executor):
    """Trains the members; another process adds members meanwhile."""

    def start(self, sweep: Sweep) -> None:
        Worker(sweep, trainer()).run()
        add_seeds(sweep, 1)

    def maintain(self) -> int:
        return 0

    def stop(self) -> None: ...

    def close(self) -> None: ...


def test_members_that_were_added_during_training_are_reported(make, capsys):
    execute_sweep(make("steps=5"), _AddsASeed(), fail_fast=False, quiet=False, as_json=False)
    printed = capsys.readouterr()
    assert "Seeds 0, 1 set training.seed" in printed.out
    assert "1 of 2 members are finished; continue with: memlab sweep resume" in printed.err


def test_a_sweep_without_runs_has_empty_tables(make):
    document = Results(SweepProgress(make("lr=0.1,0.2"))).to_json()
    assert document["status"] == "queued"
    assert document["cells"][0]["memorized"]["of"] == 0
    assert Path(document["sweep"]).name == document["sweep"]


def test_runs_are_adopted_with_the_steps_to_which_they_were_extended(base, tmp_path):
    runs = tmp_path / "runs"
    short, long = (create_run(load_preset(str(base)), runs) for _ in range(2))
    list(work(short))
    steps = planned_steps(short)
    list(work(long))
    list(work(long, edits={"training.steps": steps + 5}))
    sweep = adopt_runs(runs, [short, long], "mine")
    assert [(axis.key, axis.values) for axis in sweep.axes] == [
        ("training.steps", (steps, steps + 5))
    ]
    assert [cell.updates for cell in sweep.cells] == [steps, steps + 5]


def test_a_run_whose_settings_were_edited_is_not_adopted(base, tmp_path):
    runs = tmp_path / "runs"
    folder = create_run(load_preset(str(base)), runs)
    list(work(folder, edits={"optimizer.lr": 0.5}))
    with pytest.raises(MemlabError, match="edited") as caught:
        adopt_runs(runs, [folder], "mine")
    assert caught.value.found == "optimizer.lr"


def test_missing_and_damaged_additions_are_reported_and_never_overwritten(make):
    sweep = make()
    for seed in (1, 2, 3):
        sweep = add_seeds(sweep, [seed])
    additions = sweep.path / "additions"
    (additions / "0001.json").unlink()
    (additions / "0003.json").write_bytes((additions / "0003.json").read_bytes()[:-9])
    sweep = Sweep.open(sweep.path)
    results = Results(SweepProgress(sweep))
    assert sweep.seeds == (0, 2)
    assert results.footer["missing"] == ["0001.json", "0003.json"]
    assert "additions/0001.json, additions/0003.json" in footer_lines(results)[0]
    assert add_seeds(sweep, [4]).seeds == (0, 2, 4)
    assert (additions / "0004.json").exists()

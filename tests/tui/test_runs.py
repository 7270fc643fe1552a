"""The Runs screen, used with keys and mouse."""

from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input, Static

from memlab.record.events import Ended, Evaluated
from memlab.record.folder import RunFolder
from memlab.record.runs import list_runs
from memlab.record.summary import end_summary
from memlab.tui.dialogs import TextPrompt
from memlab.tui.runs.entry import Entry
from memlab.tui.table import Table


@pytest.fixture
def runs_screen(console, make_run):
    make_run(name="first", grokked=400)
    make_run("training.seed=1", "optimizer.lr=0.01", name="second", grokked=200)
    make_run("training.seed=2", name="third [b]bold[/b]", grokked=9999, reason="stopped")

    @asynccontextmanager
    async def opened(size=(120, 40)):
        async with console(size=size, begin="runs") as (app, pilot):
            yield app, pilot

    return opened


def _names(app) -> list[str]:
    return [entry.name for entry in app.screen._listing.shown]


def _seen(app) -> str:
    table = app.screen.query_one(Table)
    return "\n".join(table.render_line(y).text for y in range(table.size.height))


def _summary(app) -> str:
    return str(app.screen.query_one("#summary", Static).content)


async def _filter(app, pilot, text: str) -> None:
    app.screen.query_one("#filter", Input).value = text
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_runs_are_listed_newest_first(runs_screen, size) -> None:
    async with runs_screen(size) as (app, _):
        assert _names(app) == ["third [b]bold[/b]", "second", "first"]
        assert "third [b]bold[/b]" in _seen(app)
        assert "✓ finished" in _seen(app)
        assert "■ stopped" in _seen(app)


async def test_the_sort_order_is_shown_even_if_its_column_is_hidden(runs_screen, settle) -> None:
    async with runs_screen((80, 24)) as (app, pilot):
        assert "newest first" in _summary(app)
        for keys, expected in (("i", "oldest first"), ("o", "▴")):
            await pilot.press(keys)
            await settle(app, pilot)
            assert expected in _summary(app)


async def test_details_show_values_that_do_not_fit_in_the_table(runs_screen, settle) -> None:
    async with runs_screen((80, 24)) as (app, pilot):
        app.screen._listing.shown[1].folder.set_labels(tags=["paper"], note="look [b]again[/b]")
        await pilot.press("down")
        app.screen._refresh()
        await settle(app, pilot)
        detail = str(app.screen.query_one("#detail", Static).content)
        for expected in ("second", "preset quickstart", "#paper", "lr 0.01", "seed 1", "[b]again"):
            assert expected in detail


async def test_names_have_more_room_on_a_wider_screen(runs_screen, settle) -> None:
    async with runs_screen((80, 24)) as (app, pilot):
        app.screen._listing.shown[0].folder.set_labels(name="a name that is quite long")
        app.screen._refresh()
        await settle(app, pilot)
        assert "a name…quite long" in _seen(app)
        await pilot.resize_terminal(200, 60)
        await settle(app, pilot)
        assert "a name that is quite long" in _seen(app)


async def test_back_is_offered_only_where_it_applies(runs_screen, settle) -> None:
    async with runs_screen() as (app, pilot):
        for keys, offered in (((), "slash"), (("slash", "x"), "escape"), (("enter",), "both")):
            await pilot.press(*keys)
            await settle(app, pilot)
            found = {"slash", "escape"} & app.screen.active_bindings.keys()
            assert found == ({offered} if offered != "both" else {"slash", "escape"})


async def test_the_settings_that_differ_are_columns(runs_screen) -> None:
    async with runs_screen((200, 60)) as (app, _):
        header = _seen(app).splitlines()[0]
        assert "lr" in header
        assert "seed" in header
        assert "weight_decay" not in header


async def test_the_filter_applies_while_typing(runs_screen) -> None:
    async with runs_screen() as (app, pilot):
        await pilot.press("slash", *"grokked<300")
        await pilot.pause()
        assert _names(app) == ["second"]
        assert "1 of 3" in _summary(app)
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert len(_names(app)) == 3


async def test_an_invalid_filter_shows_an_error_and_changes_nothing(runs_screen, settle) -> None:
    async with runs_screen() as (app, pilot):
        await _filter(app, pilot, "status:finished")
        await _filter(app, pilot, "status:finished val_loss<abc")
        for _ in range(2):
            assert "✗ val_loss< needs a number · found: abc" in _summary(app)
            assert _names(app) == ["second", "first"]
            app.screen._refresh()
            await settle(app, pilot)


@pytest.mark.parametrize("size", [(40, 10), (80, 24)])
async def test_a_wrong_filter_is_explained_at_any_size(runs_screen, settle, size) -> None:
    async with runs_screen(size) as (app, pilot):
        for text, problem in (
            ("lr<x", "lr< needs a number · found: x"),
            ("wieght_decay=1", "unknown field 'wieght_decay' · hint: did you mean"),
            ("(status:finished", "unbalanced ("),
            ("status:finsihed", "unknown status 'finsihed'"),
        ):
            await pilot.press("slash", *text)
            await settle(app, pilot)
            app.screen._refresh()
            await settle(app, pilot)
            shown = app.screen.query_one("#summary", Static)
            assert shown.display and problem in str(shown.content)
            await pilot.press("escape", "escape")
            await settle(app, pilot)
            assert "✗" not in _summary(app) and len(_names(app)) == 3


async def test_a_field_that_was_unknown_is_used_once_a_run_has_it(
    runs_screen, make_run, settle
) -> None:
    async with runs_screen() as (app, pilot):
        await _filter(app, pilot, "tokens_seen>1")
        assert "✗ unknown field" in _summary(app)
        folder = make_run(name="newest")
        evaluated = Evaluated(step=620, values={"tokens_seen": 5.0})
        with folder.claim({}, seq=99, first_step=601, take_over=True) as writer:
            writer.write(evaluated)
            writer.write(Ended(step=620, reason="finished"))
            writer.end("finished", 620, end_summary(folder))
        app.screen._refresh()
        await settle(app, pilot)
        assert _names(app) == ["newest"]


async def test_sorting_by_key_and_by_click(runs_screen) -> None:
    async with runs_screen() as (app, pilot):
        await pilot.click(Table, offset=(5, 0))
        assert _names(app) == ["third [b]bold[/b]", "second", "first"]
        await pilot.press("i")
        assert _names(app) == ["first", "second", "third [b]bold[/b]"]
        await pilot.press("o")
        assert app.screen._listing.fact == "status"
        await pilot.press("O", "i")
        assert _names(app)[0] == "third [b]bold[/b]"


async def test_the_cursor_stays_on_its_run_when_the_order_changes(runs_screen) -> None:
    async with runs_screen() as (app, pilot):
        await pilot.press("end")
        await pilot.pause()
        assert app.screen._at_cursor().name == "first"
        await pilot.press("i")
        assert app.screen._at_cursor().name == "first"


async def test_runs_marked_by_key_and_by_mouse_are_compared(runs_screen, settle) -> None:
    async with runs_screen() as (app, pilot):
        await pilot.press("space", "space")
        assert "2 marked" in _summary(app)
        await pilot.click(Table, offset=(0, 1))
        await pilot.click(Table, offset=(0, 3))
        assert "2 marked" in _summary(app)
        await pilot.press("c")
        await settle(app, pilot)
        assert app.current_mode == "compare"
        assert [run.name for run in app.screen._compared] == ["1 second", "2 first"]


async def test_name_tags_and_note_are_written_into_the_folder(runs_screen, here, settle) -> None:
    async with runs_screen() as (app, pilot):
        for key, typed in (("n", "renamed"), ("number_sign", "a b"), ("N", "why not")):
            await pilot.press(key)
            app.screen.query_one(Input).value = typed
            await pilot.press("enter")
            await settle(app, pilot)
        labels = list_runs(here / "runs")[0].labels()
        assert (labels.name, labels.tags, labels.note) == ("renamed", ("a", "b"), "why not")
        assert "renamed" in _names(app)


async def test_delete_moves_to_the_trash_and_undo_restores(runs_screen, here, settle) -> None:
    async with runs_screen() as (app, pilot):
        await pilot.press("space", "space", "D")
        await settle(app, pilot)
        assert _names(app) == ["first"]
        assert len(list((here / "runs" / ".trash").iterdir())) == 2
        await pilot.press("u")
        await settle(app, pilot)
        assert len(_names(app)) == 3


async def test_a_live_run_is_not_deleted(console, make_run, settle) -> None:
    folder = make_run(reason=None)
    async with console(begin="runs") as (app, pilot):
        await pilot.press("3")
        await settle(app, pilot)
        await pilot.press("D")
        await settle(app, pilot)
        assert folder.path.exists()


async def test_clone_opens_the_settings_in_the_lab(runs_screen, settle) -> None:
    async with runs_screen() as (app, pilot):
        await _filter(app, pilot, "second")
        await pilot.press("d")
        await settle(app, pilot)
        assert app.current_mode == "lab"
        assert set(app.screen._draft.differences) == {"training.seed", "optimizer.lr"}


async def test_a_run_that_ended_early_is_resumed(runs_screen, settle, trained) -> None:
    async with runs_screen() as (app, pilot):
        await pilot.press("r")
        await settle(app, pilot)
        assert [RunFolder(run.path).labels().name for run in trained.trained] == [
            "third [b]bold[/b]"
        ]


async def test_every_key_works_without_runs(console, settle) -> None:
    async with console(begin="runs") as (app, pilot):
        await pilot.press("3")
        await settle(app, pilot)
        assert "no runs yet" in _summary(app)
        await pilot.press("space", "D", "u", "d", "r", "n", "A", "o", "i", "enter", "end", "home")
        await settle(app, pilot)
        assert app.current_mode == "runs"


async def test_a_filter_can_be_typed_while_runs_are_read(runs_screen, monkeypatch) -> None:
    async with runs_screen() as (app, pilot):
        entries = app.screen._index.entries
        facts = Entry.facts.func

        def read_meanwhile(entry: Entry) -> object:
            entries.setdefault("another", entry)
            return facts(entry)

        monkeypatch.setattr(Entry, "facts", property(read_meanwhile))
        await _filter(app, pilot, "seed:1")
        assert "second" in _names(app) and "first" not in _names(app)


@pytest.mark.parametrize("key", ["n", "N", "number_sign"])
async def test_a_note_that_does_not_fit_in_a_line_is_kept_unless_edited(
    runs_screen, settle, key, here
) -> None:
    odd = "first line\nsecond\t" + "x" * 3000
    (folder,) = (run for run in list_runs(here / "runs") if run.labels().name == "second")
    folder.set_labels(name=odd, note=odd, tags=["a\nb", "c d"])
    before = folder.labels()
    async with runs_screen() as (app, pilot):
        await pilot.press("down", key)
        await pilot.pause()
        assert isinstance(app.screen, TextPrompt)
        await pilot.press("enter")
        await settle(app, pilot)
        assert not isinstance(app.screen, TextPrompt)
        assert folder.labels() == before

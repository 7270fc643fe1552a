"""A table draws its visible rows for any position of the cursor."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App
from textual.content import Content

from memlab.tui.line_strips import fixed_width
from memlab.tui.live.frame import text_of
from memlab.tui.safe_content import safe
from memlab.tui.table import Column, Table

BAR = " ▁▂▃▄▅▆▇█"
"""characters of a scroll bar"""
COLUMNS = [Column("n", "n", 6, "right"), Column("name", "name", 10), Column("wide", "wide", 60)]


def _cells(row: int) -> list[Content]:
    return [
        Content(str(row)),
        Content(f"名前{row}" if row % 2 else f"name {row}"),
        Content("x" * 80),
    ]


class Stage(App[None]):
    def compose(self):
        yield Table()

    def on_mount(self) -> None:
        self.query_one(Table).show(COLUMNS, 100_000, _cells, ("name", True))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def _lines(table: Table) -> list[str]:
    return [table.render_line(y).text for y in range(table.size.height)]


async def test_every_line_is_as_wide_as_the_table_also_with_wide_characters(stage) -> None:
    async with stage.run_test(size=(40, 10)) as pilot:
        table = stage.query_one(Table)
        for x in (0, 3, 39):
            table.scroll_to(x=x, animate=False, force=True)
            await pilot.pause()
            assert {table.render_line(y).cell_length for y in range(10)} == {
                table.scrollable_content_region.width
            }


async def test_the_header_is_fixed_and_shows_the_sort_order(stage) -> None:
    async with stage.run_test(size=(40, 10)) as pilot:
        table = stage.query_one(Table)
        assert "name ▾" in _lines(table)[0]
        await pilot.press("end")
        assert "name ▾" in _lines(table)[0]
        assert "99999" in "".join(_lines(table))


async def test_keys_move_the_cursor_which_stays_visible(stage) -> None:
    async with stage.run_test(size=(40, 10)) as pilot:
        table = stage.query_one(Table)
        for key, row in (("j", 1), ("down", 2), ("k", 1), ("end", 99_999), ("home", 0), ("up", 0)):  # fmt: skip
            await pilot.press(key)
            await pilot.pause()
            assert table.cursor == row, key
            assert row in table.seen
        await pilot.press("pagedown")
        await pilot.pause()
        assert 1 < table.cursor < 9
        assert table.cursor in table.seen


async def test_only_visible_rows_are_created(stage) -> None:
    async with stage.run_test(size=(40, 10)) as pilot:
        table, made = stage.query_one(Table), set()
        table.show(COLUMNS, 100_000, lambda row: made.add(row) or _cells(row))
        await pilot.press("end")
        await pilot.pause()
        assert len(made) < 40


async def test_clicks_go_to_a_row_open_it_mark_it_and_sort(stage) -> None:
    async with stage.run_test(size=(40, 10)) as pilot:
        table, messages = stage.query_one(Table), []
        post = table.post_message
        table.post_message = lambda message: messages.append(message) or post(message)  # type: ignore[method-assign]
        await pilot.click(Table, offset=(12, 4))
        assert table.cursor == 3
        await pilot.click(Table, offset=(12, 4))
        await pilot.click(Table, offset=(2, 6))
        await pilot.click(Table, offset=(12, 0))
        names = [type(m).__name__ for m in messages if type(m).__module__ == "memlab.tui.table"]
        assert [n for n in names if n != "RowMoved"] == [
            "RowOpened",
            "FirstCellClicked",
            "HeaderClicked",
        ]
        assert table.cursor == 5


async def test_fixed_columns_stay_when_the_others_scroll(stage) -> None:
    async with stage.run_test(size=(40, 10)) as pilot:
        table, messages = stage.query_one(Table), []
        post = table.post_message
        table.post_message = lambda message: messages.append(message) or post(message)  # type: ignore[method-assign]
        table.show(
            COLUMNS, 9, lambda row: [Content(str(row)), Content("name"), _count_to(60)], fixed=2
        )
        await pilot.press("right", "right")
        assert table.scroll_x == 16
        left = "     3 name       "
        room = table.scrollable_content_region.width - len(left)
        expected = left + _count_to(60).plain[16 : 16 + room - 1] + "…"
        assert _lines(table)[4] == expected
        for x, column in ((3, "n"), (10, "name"), (19, "wide")):
            await pilot.click(Table, offset=(x, 0))
            assert [m for m in messages if isinstance(m, Table.HeaderClicked)][-1].key == column


def _count_to(n: int) -> Content:
    return Content("".join(str(i % 10) for i in range(n)))


async def test_with_fewer_rows_the_cursor_stays_on_a_row(stage) -> None:
    async with stage.run_test(size=(40, 10)) as pilot:
        table = stage.query_one(Table)
        await pilot.press("end")
        table.show(COLUMNS, 2, _cells)
        await pilot.pause()
        assert table.cursor == 1
        table.show(COLUMNS, 0, _cells)
        await pilot.pause()
        assert table.cursor == 0
        assert not "".join(_lines(table)[1:]).strip()


@settings(max_examples=50)
@given(st.text(max_size=20), st.sampled_from(["left", "right"]), st.integers(1, 12))
def test_a_cell_takes_exactly_its_columns_width(text: str, align, width: int) -> None:
    assert fixed_width(safe(text), width, right=align == "right").cell_length == width


async def test_a_number_cut_by_the_edge_does_not_read_as_another_number() -> None:
    class Numbers(App[None]):
        def compose(self):
            yield Table()

        def on_mount(self) -> None:
            columns = [Column(str(i), "n", 9, "right") for i in range(8)]
            self.query_one(Table).show(columns, 30, lambda row: [Content("123456")] * 8)

    app = Numbers()
    async with app.run_test(size=(34, 6)) as pilot:
        table = app.query_one(Table)
        for x in range(30):
            table.scroll_to(x=x, animate=False, force=True)
            await pilot.pause()
            shown = text_of(app).splitlines()[1].strip(BAR).split()
            assert all(text == "123456" or text.endswith("…") for text in shown), (x, shown)


async def test_the_selected_row_is_never_behind_a_scroll_bar(stage) -> None:
    async with stage.run_test(size=(40, 10)) as pilot:
        table = stage.query_one(Table)
        for _ in range(12):
            await pilot.press("down")
            assert f"name {table.cursor}" in text_of(stage) or f"名前{table.cursor}" in text_of(
                stage
            )

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from memlab.record import row_tail, row_writer, run_rows
from memlab.record import rows as row_module
from memlab.record.row_format import MISSING, RowFile, RowFormat, is_missing
from memlab.record.row_writer import RowWriter
from memlab.record.rows import RowReader
from memlab.record.run_rows import RunRows

COLUMNS = ("loss", "lr")
SEED = 7
SEAL = RowFormat(COLUMNS).seal.itemsize


def row_file(folder: Path, *, stores_steps: bool = False, seed: int = SEED) -> RowFile:
    format = RowFormat(COLUMNS, stores_steps)
    header = b"columns\n" if stores_steps else b""
    return RowFile(folder / "steps.idx", folder / "steps.bin", seed, format, header)


@dataclass
class Case:
    folder: Path
    values: np.ndarray
    steps: np.ndarray
    blocks: list[int]
    stores_steps: bool = False

    def __post_init__(self) -> None:
        writer = RowWriter(self.file)
        cuts = np.cumsum(self.blocks)
        for steps, values in zip(
            np.split(self.steps, cuts), np.split(self.values, cuts), strict=True
        ):
            writer.append(steps, values)
            writer.flush()
        writer.close()

    @property
    def first(self) -> int:
        return int(self.steps[0]) if len(self.steps) else 1

    @property
    def file(self) -> RowFile:
        return row_file(self.folder, stores_steps=self.stores_steps)

    def reader(self) -> RowReader:
        reader = RowReader(self.file)
        reader.refresh()
        return reader

    def rows(self) -> RunRows:
        return RunRows.merge(COLUMNS, [(self.reader().sealed, self.first)])


@st.composite
def cases(draw):
    """Rows of both formats; rows of 1.1 have gaps in the steps and missing values."""
    stores_steps = draw(st.booleans())
    n, first = draw(st.integers(0, 60)), draw(st.integers(0 if stores_steps else 1, 10**6))
    blocks = draw(st.lists(st.integers(1, 9), max_size=12))
    if not stores_steps:
        values = draw(npst.arrays(np.float32, (n, 2), elements=st.floats(width=32)))
        return values, first + np.arange(n), blocks
    values = draw(npst.arrays(np.float64, (n, 2), elements=st.floats()))
    values[draw(npst.arrays(np.bool_, (n, 2)))] = MISSING
    gaps = draw(st.lists(st.integers(1, 5), min_size=n, max_size=n))
    return values, first + np.cumsum([0, *gaps])[:n].astype(np.int64), blocks, True


@pytest.fixture(scope="session")
def make(tmp_path_factory):
    return lambda drawn: Case(tmp_path_factory.mktemp("rows"), *drawn)


def four_rows():
    return np.ones((4, 2), np.float32), np.arange(1, 5), [2]


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()


@settings(max_examples=50)
@given(cases())
def test_rows_round_trip_bit_by_bit(make, drawn):
    case = make(drawn)
    steps, values = case.rows().read(0, 10**9)
    assert same_bits(values, case.values)
    assert steps.tolist() == case.steps.tolist()


@settings(max_examples=50)
@given(cases(), st.data())
def test_a_view_has_the_exact_extremes_of_every_bin(make, drawn, data):
    case = make(drawn)
    last = int(case.steps[-1]) if len(case.steps) else case.first
    low = data.draw(st.integers(case.first - 5, last + 5))
    high = data.draw(st.integers(low - 2, low + last - case.first + 5))
    width = data.draw(st.integers(1, 70))
    bins = case.rows().view("loss", low, high, width)
    steps = case.steps
    if len(bins.low):
        half = (high + 1 - low) / (2 * width)
        assert low - half <= bins.edges[0] <= low
        assert high + 1 <= bins.edges[-1] <= high + 1 + half
        assert (np.diff(bins.edges) > 0).all()
    for i in range(len(bins.low)):
        inside = case.values[(steps >= bins.edges[i]) & (steps < bins.edges[i + 1]), 0]
        finite = inside[np.isfinite(inside)]
        assert bins.nonfinite[i] == len(inside) - len(finite) - is_missing(inside).sum()
        assert np.array_equal(bins.low[i], finite.min() if len(finite) else np.nan, equal_nan=True)
        assert np.array_equal(bins.high[i], finite.max() if len(finite) else np.nan, equal_nan=True)


def test_a_view_of_many_seals_reads_no_row(make):
    values = np.arange(800, dtype=np.float32).reshape(400, 2) % 251
    case = make((values, 5 + np.arange(400), [9] * 45))
    rows = case.rows()
    (case.folder / "steps.bin").unlink()
    bins = rows.view("loss", 5, 404, 17)
    cuts = bins.edges - 5
    assert len(cuts) == 18 and set(cuts[1:-1] % 9) == {0}
    assert bins.low.tolist() == np.minimum.reduceat(values[:, 0], cuts[:-1]).tolist()
    assert bins.high.tolist() == np.maximum.reduceat(values[:, 0], cuts[:-1]).tolist()


@settings(max_examples=50)
@given(cases(), st.sampled_from(["steps.bin", "steps.idx"]), st.data())
def test_damage_removes_only_the_seals_it_touches_and_shows_no_wrong_row(make, drawn, name, data):
    case = make(drawn)
    path = case.folder / name
    text = path.read_bytes()
    kind = data.draw(
        st.sampled_from(["flip", "zero", "cut", "append", "repeat", "empty", "remove"])
    )
    start = data.draw(st.integers(0, len(text)))
    if kind == "flip" and start < len(text):
        text = (
            text[:start]
            + bytes([text[start] ^ 1 << data.draw(st.integers(0, 7))])
            + text[start + 1 :]
        )
    if kind == "zero":
        text = text[:start] + bytes(min(20, len(text) - start)) + text[start + 20 :]
    if kind == "cut":
        text = text[:start]
    if kind == "append":
        text += data.draw(st.binary(max_size=200))
    if kind == "repeat":
        text += text
    if kind == "empty":
        text = b""
    path.unlink() if kind == "remove" else path.write_bytes(text)
    steps, values = case.rows().read(0, 10**9)
    assert same_bits(values, case.values[np.isin(case.steps, steps)])
    assert (np.diff(steps) > 0).all()
    if kind in ("append", "repeat"):
        assert len(values) == len(case.values)
    header = name == "steps.idx" and start < len(case.file.header)
    if kind == "flip" and not header:
        assert len(values) >= len(case.values) - max(
            [len(case.values) - sum(case.blocks), *case.blocks, 0]
        )
    case.rows().view("lr", 0, 10**7, 20)


@settings(max_examples=50)
@given(cases(), st.data())
def test_a_reader_of_a_growing_file_reads_all_rows(make, drawn, data):
    case = make(drawn)
    texts = {name: (case.folder / name).read_bytes() for name in ("steps.bin", "steps.idx")}
    (case.folder / "steps.idx").write_bytes(b"")
    reader, offset = case.reader(), len(case.file.header)
    for cut in sorted(data.draw(st.lists(st.integers(0, len(texts["steps.idx"])), max_size=5))):
        (case.folder / "steps.idx").write_bytes(texts["steps.idx"][:cut])
        reader.refresh()
        assert len(reader.sealed.seals) == max(cut - offset, 0) // case.file.format.seal.itemsize
    (case.folder / "steps.idx").write_bytes(texts["steps.idx"])
    reader.refresh()
    assert same_bits(reader.sealed.read(0, 10**9)[1], case.values) and reader.damaged == 0


def test_an_incomplete_seal_is_read_again(make):
    case = make(four_rows())
    whole = (case.folder / "steps.idx").read_bytes()
    torn = whole[:-10] + bytes(10)
    (case.folder / "steps.idx").write_bytes(torn)
    reader = case.reader()
    assert reader.sealed.last_step == 2 and reader.damaged == 0
    (case.folder / "steps.idx").write_bytes(whole)
    assert reader.refresh() and reader.sealed.last_step == 4


def test_repeated_seals_after_long_damage_are_refused(make, monkeypatch):
    case = make(four_rows())
    index = case.folder / "steps.idx"
    whole, size = index.read_bytes(), SEAL
    index.write_bytes(whole + bytes(10 * size) + whole)
    monkeypatch.setattr("memlab.record.rows.CHUNK", 2 * size)
    assert case.rows()["step"].tolist() == [1, 2, 3, 4] and case.reader().damaged == 12


def test_rows_of_another_attempt_are_refused(make):
    case = make(four_rows())
    other = RowReader(row_file(case.folder, seed=SEED + 1))
    other.refresh()
    assert len(other.sealed.seals) == 0


def test_rows_are_sealed_by_count_and_by_time(tmp_path, monkeypatch):
    writer = RowWriter(row_file(tmp_path), after=0)
    index = tmp_path / "steps.idx"
    block = np.zeros((row_writer.ROWS_PER_SEAL // 2, 2), np.float32)
    monkeypatch.setattr(row_writer.time, "monotonic", lambda: 0.0)
    writer.append(np.arange(1, 1 + len(block)), block)
    assert index.stat().st_size == 0
    writer.append(np.arange(1, 1 + len(block)) + len(block), block)
    assert index.stat().st_size == SEAL
    writer.append(np.array([1 + 2 * len(block)]), block[:1])
    monkeypatch.setattr(row_writer.time, "monotonic", lambda: 1e9)
    writer.append(np.array([2 + 2 * len(block)]), block[:1])
    assert index.stat().st_size == 2 * SEAL
    writer.close()


def test_a_long_block_is_sealed_in_pieces(tmp_path):
    writer = RowWriter(row_file(tmp_path), after=0)
    writer.append(np.arange(1, 2501), np.zeros((2500, 2), np.float32))
    writer.close()
    reader = RowReader(row_file(tmp_path))
    reader.refresh()
    assert reader.sealed.seals["rows"].tolist() == [1024, 1024, 452]


def test_a_gap_in_the_steps_is_not_written(tmp_path):
    writer = RowWriter(row_file(tmp_path), after=0)
    with pytest.raises(AssertionError):
        writer.append(np.array([3]), np.zeros((1, 2), np.float32))
    writer.close()


@pytest.mark.parametrize("rows_per_part", [2, 64])
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    attempts=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 30)), min_size=1, max_size=5),
    data=st.data(),
)
def test_merged_rows_equal_a_simple_loop(
    tmp_path_factory, monkeypatch, rows_per_part, attempts, data
):
    monkeypatch.setattr(row_module, "ROWS_PER_PART", rows_per_part)
    sealed, plain = [], {}
    for number, (first, n) in enumerate(attempts):
        values = np.full((n, 2), number, np.float32) + np.arange(n)[:, None] / 64
        case = Case(tmp_path_factory.mktemp("rows"), values, first + np.arange(n), [7, 3])
        sealed.append((case.reader().sealed, first))
        plain = {step: row for step, row in plain.items() if step < first}
        plain |= {first + i: row for i, row in enumerate(values)}
    rows = RunRows.merge(COLUMNS, sealed)
    cut = data.draw(st.integers(0, 80))
    for part, steps in (
        (rows, sorted(plain)),
        (rows.until(cut), sorted(s for s in plain if s <= cut)),
    ):
        assert part["step"].tolist() == steps
        assert part["lr"].tolist() == [plain[step][1] for step in steps]
        assert part.last_step == max(steps, default=0)
        bins = part.view("loss", 1, 90, data.draw(st.sampled_from([3, 13, 40])))
        for i, (lo, hi) in enumerate(zip(bins.edges, bins.edges[1:], strict=False)):
            inside = [plain[s][0] for s in steps if lo <= s < hi]
            assert np.array_equal(bins.low[i], min(inside, default=np.nan), equal_nan=True)
            assert np.array_equal(bins.high[i], max(inside, default=np.nan), equal_nan=True)


def test_views_are_the_same_after_more_of_them_than_are_kept(make, monkeypatch):
    monkeypatch.setattr(run_rows, "VIEWS", 2)
    rows = make(
        (np.arange(80, dtype=np.float32).reshape(40, 2), 1 + np.arange(40), [20, 20])
    ).rows()
    for _ in range(2):
        for first in (1, 5, 9, 13):
            bins = rows.view("loss", first, 40, 40)
            assert bins.low.tolist() == bins.high.tolist() == list(range(2 * first - 2, 80, 2))


def test_a_column_that_no_row_has_is_empty(make):
    bins = make(four_rows()).rows().view("acc", 1, 4, 2)
    assert bins.edges.tolist() == [1, 3, 5] and np.isnan([bins.low, bins.high]).all()


def test_the_error_for_an_unknown_column_names_the_columns(make):
    with pytest.raises(KeyError, match="step, loss, lr"):
        make(four_rows()).rows()["acc"]


@pytest.mark.parametrize("width", [3, 17, 50, 400])
def test_extremes_of_parts_in_memory_are_those_of_the_rows(make, monkeypatch, width):
    monkeypatch.setattr(row_module, "ROWS_PER_PART", 4)
    rng = np.random.default_rng(width)
    values = rng.standard_normal((1000, 2)).astype(np.float32)
    values[rng.random((1000, 2)) < 0.1] = np.nan
    case = make((values, 11 + np.arange(1000), [90] * 11))
    rows = case.rows()
    for first, last in ((11, 1010), (200, 620), (201, 619), (11, 1010)):
        bins = rows.view("lr", first, last, width)
        for i, (start, end) in enumerate(zip(bins.edges[:-1], bins.edges[1:], strict=True)):
            inside = values[start - 11 : end - 11, 1]
            finite = inside[np.isfinite(inside)]
            assert bins.nonfinite[i] == len(inside) - len(finite)
            low, high = (finite.min(), finite.max()) if len(finite) else (np.nan, np.nan)
            assert np.array_equal([bins.low[i], bins.high[i]], [low, high], equal_nan=True)


def test_a_damaged_seal_gives_no_parts(make, monkeypatch):
    monkeypatch.setattr(row_module, "ROWS_PER_PART", 4)
    values = np.arange(80, dtype=np.float32).reshape(40, 2)
    case = make((values, 1 + np.arange(40), [20, 20]))
    data = bytearray((case.folder / "steps.bin").read_bytes())
    data[3] ^= 1
    (case.folder / "steps.bin").write_bytes(data)
    rows = case.rows()
    for _ in range(2):
        bins = rows.view("loss", 1, 40, 5)
        assert np.isnan(bins.low[:2]).all() and bins.low[-1] == values[bins.edges[-2] - 1, 0]
    assert rows.segments[0].sealed.damaged == {0}


def test_a_run_whose_only_seal_is_damaged_has_no_extremes(make, monkeypatch):
    monkeypatch.setattr(row_module, "ROWS_PER_PART", 4)
    case = make((np.ones((40, 2), np.float32), 1 + np.arange(40), [40]))
    data = bytearray((case.folder / "steps.bin").read_bytes())
    data[3] ^= 1
    (case.folder / "steps.bin").write_bytes(data)
    bins = case.rows().view("loss", 1, 40, 5)
    assert np.isnan(bins.low).all() and np.isnan(bins.high).all()


def test_kept_rows_are_on_disk_once_and_before_they_are_added(tmp_path, monkeypatch):
    monkeypatch.setattr(row_writer, "SECONDS_PER_SEAL", 1e9)
    file = row_file(tmp_path)
    writer, reader = RowWriter(file, after=0), RowReader(file)
    values = np.arange(12, dtype=np.float32).reshape(6, 2)

    def seen():
        reader.refresh()
        return reader.sealed.read(0, 100)

    writer.keep(1, values[:2])
    writer.keep(3, values[2:3])
    assert seen()[0].tolist() == [1, 2, 3]
    assert seen()[1].dtype == np.float32 and same_bits(seen()[1], values[:3])
    assert writer.n_rows == 0
    writer.append(np.arange(1, 6), values[:5])
    assert seen()[0].tolist() == [1, 2, 3, 4, 5] and len(reader.sealed.seals) == 0
    writer.flush()
    assert seen()[0].tolist() == [1, 2, 3, 4, 5] and len(reader.sealed.seals) == 1
    writer.keep(6, values[5:])
    assert same_bits(seen()[1], values)
    writer.close()
    assert same_bits(seen()[1], values)


def test_kept_rows_continue_at_the_start_of_the_ring(tmp_path, monkeypatch):
    monkeypatch.setattr(row_writer, "SECONDS_PER_SEAL", 1e9)
    for module in (row_writer, row_tail):
        monkeypatch.setattr(module, "SLOTS", 5)
    file = row_file(tmp_path)
    writer, reader = RowWriter(file, after=0), RowReader(file)
    values = np.arange(16, dtype=np.float32).reshape(8, 2)
    writer.append(np.arange(1, 4), values[:3])
    writer.flush()
    writer.keep(4, values[3:])
    reader.refresh()
    assert reader.sealed.read(0, 100)[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert same_bits(reader.sealed.read(0, 100)[1], values)
    writer.close()


def test_rows_that_do_not_fit_into_the_ring_wait_for_their_seal(tmp_path, monkeypatch):
    monkeypatch.setattr(row_writer, "SECONDS_PER_SEAL", 1e9)
    monkeypatch.setattr(row_writer, "SLOTS", 3)
    file = row_file(tmp_path)
    writer, reader = RowWriter(file, after=0), RowReader(file)
    values = np.ones((5, 2), np.float32)
    writer.append(np.arange(1, 3), values[:2])
    writer.keep(3, values[2:4])
    reader.refresh()
    assert reader.sealed.last_step == 2
    writer.append(np.arange(3, 6), values[2:])
    writer.flush()
    reader.refresh()
    assert reader.sealed.last_step == 5
    writer.close()
    assert not file.tail.exists()


def test_a_full_disk_delays_kept_rows_until_their_seal(tmp_path, monkeypatch):
    monkeypatch.setattr(row_writer, "SECONDS_PER_SEAL", 1e9)

    def refuse(*_):
        raise OSError(28, "no space left")

    file = row_file(tmp_path)
    writer, reader = RowWriter(file, after=0), RowReader(file)
    with monkeypatch.context() as patch:
        patch.setattr(row_writer, "TailWriter", refuse)
        writer.keep(1, np.ones((1, 2), np.float32))
    writer.append(np.array([1, 2]), np.ones((2, 2), np.float32))
    reader.refresh()
    assert reader.sealed.last_step == 2
    writer.close()

"""Snapshots of the screen at two sizes; `pytest --snapshot-update` accepts new ones."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from memlab.record.folder import RunFolder


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_run_held_before_its_spike_is_over(
    snap_compare: Any, stage: Callable[..., Any], finished: RunFolder, size: tuple[int, int]
) -> None:
    assert snap_compare(stage(finished, 920), terminal_size=size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_finished_run_with_values_read_at_its_spike(
    snap_compare: Any, stage: Callable[..., Any], finished: RunFolder, size: tuple[int, int]
) -> None:
    async def read(pilot: Pilot[None]) -> None:
        await pilot.press("s", "n", "tab")
        await pilot.pause()

    assert snap_compare(stage(finished), terminal_size=size, run_before=read)

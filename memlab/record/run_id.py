"""Ids of runs: they sort by creation, even if the clock is set back."""

import os
import re
import secrets
import time
from calendar import timegm
from pathlib import Path

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TICKS = len(_DIGITS) ** 3
"""of a second"""
_ID = re.compile(
    r"([1-9]\d{3})(0[1-9]|1[0-2])(\d\d)T(\d\d)(\d\d)(\d\d)-([0-9a-z]{3})[0-9a-z]{3}", re.ASCII
)


def is_id(name: str) -> bool:
    """Whether a folder name has the form of `new_id`."""
    return _ID.fullmatch(name) is not None


def new_id(runs: Path) -> str:
    """An id for a new run in `runs`: UTC time, its fraction and random characters in base 36.

    If the clock was set back, the id is dated just after the newest one.
    """
    return new_ids(runs, 1)[0]


def new_ids(runs: Path, count: int) -> list[str]:
    """Ids for `count` new runs, in ascending order."""
    newest = max(filter(_ID.fullmatch, os.listdir(runs)), default=None)
    ticks = time.time_ns() * _TICKS // 10**9
    if newest:
        ticks = max(ticks, _ticks(newest) + 1)
    return [_id(ticks + i) for i in range(count)]


def _id(ticks: int) -> str:
    seconds, fraction = divmod(ticks, _TICKS)
    digits = (fraction // 36**2, fraction // 36 % 36, fraction % 36)
    tail = "".join(_DIGITS[d] for d in digits) + "".join(secrets.choice(_DIGITS) for _ in range(3))
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds)) + "-" + tail


def _ticks(run: str) -> int:
    match = _ID.fullmatch(run)
    assert match
    *moment, fraction = match.groups()
    return timegm(tuple(map(int, moment))) * _TICKS + int(fraction, 36)

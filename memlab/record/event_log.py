"""`events.jsonl`: one sealed line per event. A line without newline or valid CRC is ignored."""

import os
from pathlib import Path
from typing import final

from memlab.record import events, files, sealed_json
from memlab.record.events import Event

MOST = 16 << 20
"""Bytes read at once, and maximum length of a line."""


@final
class EventWriter:
    """Appends events to a new file; after a failed write the next one uses the same offset."""

    def __init__(self, path: Path, place: str) -> None:
        self._fd, self._place, self._size = files.create(path), place, 0

    def append(self, event: Event) -> None:
        line = sealed_json.seal(events.to_json(event), self._place)
        files.write_at(self._fd, line, self._size)
        self._size += len(line)

    def sync(self) -> None:
        """Make all lines durable."""
        files.calls.fsync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


@final
class EventReader:
    """Follows an `events.jsonl`; `events` only grows."""

    def __init__(self, path: Path, place: str) -> None:
        self._path, self._place, self._offset = path, place, 0
        self.events: list[Event] = []
        self.damaged = 0
        """number of lines that are not events"""

    def refresh(self) -> bool:
        """Read the lines written since the last call; true if there were any."""
        before = len(self.events)
        while data := files.read_from(self._path, self._offset, MOST):
            used = self._take(data)
            if not used:
                break
            self._offset += used
        return len(self.events) > before

    def _take(self, data: bytes) -> int:
        """Parse the complete lines in `data`; returns the number of bytes consumed."""
        end = data.rfind(b"\n") + 1
        if not end and len(data) == MOST:
            self.damaged += 1
            return MOST
        used = 0
        for text in data[:end].split(b"\n")[:-1]:
            line = text + b"\n"
            ok = self._take_line(line)
            # The last line may still be incomplete: it is read again at the next refresh.
            if not ok and used + len(line) == len(data) < MOST:
                break
            used += len(line)
            self.damaged += not ok
        return used

    def _take_line(self, line: bytes) -> bool:
        document = sealed_json.unseal(line, self._place)
        if document is None:
            return False
        event = events.from_json(document)
        if self.events and event.seq <= self.events[-1].seq:
            return False
        self.events.append(event)
        return True

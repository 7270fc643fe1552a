"""Events of a run in a notebook."""

from collections import Counter
from typing import TypeVar, final

from memlab.record.events import Event

E = TypeVar("E", bound=Event)


@final
class Events(tuple[Event, ...]):
    __slots__ = ()

    def of(self, kind: type[E]) -> tuple[E, ...]:
        """The events of one class: `run.events.of(Spike)`."""
        return tuple(event for event in self if isinstance(event, kind))

    def __repr__(self) -> str:
        counts = Counter(event.kind for event in self)
        return f"<{len(self):,} events: {', '.join(f'{n} {kind}' for kind, n in counts.items())}>"

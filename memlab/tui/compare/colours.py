"""Colours of the runs in a comparison, stable while the console is open."""

from typing import final

from memlab.charts.theme import RGB

DARK: tuple[RGB, ...] = (
    (86, 180, 233), (230, 159, 0), (95, 211, 140), (240, 115, 160),
    (240, 228, 66), (170, 150, 245), (213, 110, 50), (150, 205, 205),
)  # fmt: skip
LIGHT: tuple[RGB, ...] = (
    (0, 95, 170), (190, 95, 0), (0, 120, 75), (185, 30, 100),
    (120, 105, 0), (95, 60, 190), (150, 55, 0), (0, 110, 120),
)  # fmt: skip


@final
class Colours:
    """Assigns each run the first unused colour."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def of(self, keys: list[str], dark: bool) -> dict[str, RGB]:
        """The colours of runs; assigned colours are kept, and repeat from the ninth run on."""
        self._places = {key: place for key, place in self._places.items() if key in keys}
        for key in keys:
            used = set(self._places.values())
            free = next(place for place in range(len(used) + 1) if place not in used)
            self._places.setdefault(key, free)
        palette = DARK if dark else LIGHT
        return {key: palette[self._places[key] % len(palette)] for key in keys}

"""Colours by role. Charts name roles; the display looks up their colours."""

from collections.abc import Mapping
from dataclasses import dataclass

RGB = tuple[int, int, int]
Colour = str | RGB
"""A role that the theme names, or the colour itself."""

BASELINE = "baseline"
"""Role of the curve of a run that others are compared with."""
TILES = ("tile 1", "tile 2", "tile 3", "tile 4", "tile never")
"""Roles in a map of steps: early, later, later still, late, and not yet."""


@dataclass(frozen=True, eq=False)
class Theme:
    """RGB by role."""

    roles: Mapping[str, RGB]

    def rgb(self, colour: Colour) -> RGB:
        """The RGB of a role; unknown roles get the colour of the ticks, RGB is returned unchanged."""
        if isinstance(colour, str):
            return self.roles.get(colour, self.roles["tick"])
        return colour


DARK = Theme(
    {
        "tick": (130, 140, 150),
        "guide": (38, 46, 54),
        "train": (120, 200, 255),
        "batch": (80, 145, 205),
        "band": (45, 80, 120),
        "val": (255, 165, 70),
        "test": (190, 220, 110),
        "spike": (255, 85, 85),
        "memorized": (110, 215, 140),
        "grokked": (215, 130, 230),
        "phase": (170, 180, 200),
        "edit": (230, 205, 100),
        "chance": (105, 112, 125),
        "cursor": (235, 240, 245),
        "baseline": (105, 112, 125),
        "tile 1": (250, 222, 95),
        "tile 2": (245, 140, 75),
        "tile 3": (205, 70, 125),
        "tile 4": (120, 65, 185),
        "tile never": (52, 59, 67),
    }
)

LIGHT = Theme(
    {
        "tick": (95, 102, 110),
        "guide": (222, 226, 230),
        "train": (0, 98, 175),
        "batch": (75, 150, 215),
        "band": (168, 200, 230),
        "val": (196, 88, 0),
        "test": (80, 120, 0),
        "spike": (205, 25, 35),
        "memorized": (0, 125, 60),
        "grokked": (140, 40, 165),
        "phase": (85, 95, 120),
        "edit": (140, 105, 0),
        "chance": (150, 156, 165),
        "cursor": (25, 30, 35),
        "baseline": (150, 156, 165),
        "tile 1": (75, 20, 130),
        "tile 2": (175, 35, 110),
        "tile 3": (230, 115, 60),
        "tile 4": (240, 195, 80),
        "tile never": (214, 219, 224),
    }
)

"""Colours by role, so that charts follow the theme of the console."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

RGB = tuple[int, int, int]
Colour = str | RGB
"""A role that the theme names, or the colour itself."""


@dataclass(frozen=True)
class Theme:
    """RGB by role. A role that is not named gets the colour of the ticks."""

    tick: RGB
    guide: RGB
    roles: Mapping[str, RGB] = field(default_factory=dict)
    tiles: tuple[RGB, ...] = ()
    """of a map: what came early, later, later still, late, and not yet"""
    colour: bool = True
    """False: no escapes at all; curves then differ by their glyphs"""

    def rgb(self, colour: Colour) -> RGB:
        """The RGB of a role; RGB stays as it is."""
        return self.roles.get(colour, self.tick) if isinstance(colour, str) else colour


DARK = Theme(
    tick=(130, 140, 150),
    guide=(38, 46, 54),
    roles={
        "train": (120, 200, 255),
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
    },
    tiles=((250, 222, 95), (245, 140, 75), (205, 70, 125), (120, 65, 185), (52, 59, 67)),
)

LIGHT = Theme(
    tick=(95, 102, 110),
    guide=(222, 226, 230),
    roles={
        "train": (0, 98, 175),
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
    },
    tiles=((75, 20, 130), (175, 35, 110), (230, 115, 60), (240, 195, 80), (214, 219, 224)),
)

PLAIN = replace(DARK, colour=False)

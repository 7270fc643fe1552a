"""The keys of the Sweeps screen."""

from memlab.tui.keys import TABLE, Key, Keys
from memlab.tui.plots.keys import CHART_SCREEN

SWEEPS = Keys(
    "Sweeps",
    (
        Key("enter", "open", "compare", "Compare the runs of the selected cell; from the list of sweeps, go to its cells.", footer=True),
        Key("tab", "panel(1)", "next", "The next part: list of sweeps, cells, heat map, curves.", footer=True),
        Key("shift+tab", "panel(-1)", "previous", "The previous part."),
        Key("m", "cycle_measure(1)", "measure", "The next measure or event for heat map and curves.", footer=True),
        Key("n", "cycle_measure(-1)", "measure back", "The previous measure or event."),
        Key("a", "cycle_x", "x axis", "The next setting along the x axis of the heat map.", footer=True),
        Key("A", "cycle_y", "y axis", "The next setting along the y axis of the heat map."),
        Key("left_square_bracket", "sweep(-1)", "newer sweep", "The next newer sweep."),
        Key("right_square_bracket", "sweep(1)", "older sweep", "The next older sweep."),
        Key("slash", "filter", "filter", "Filter the list of sweeps, as in status:running decay.", footer=True, to_input=True),
        Key("s", "stop", "stop", "Save and stop all members of the sweep.", footer=True, changes=True),
        Key("r", "resume", "resume", "Train the members that are neither finished nor running.", footer=True, changes=True),
        Key("y", "log_y", "log y", "Switch between a logarithmic and a linear y axis of the curves."),
        *CHART_SCREEN,
    ),
)  # fmt: skip

SWEEP_LIST = Keys("List of sweeps", TABLE.rows)
CELL_TABLE = Keys("Cells", TABLE.rows)

HEAT_MAP = Keys(
    "Heat map",
    (
        Key("right", "move(1, 0)", "right", "The next cell along the x axis."),
        Key("left", "move(-1, 0)", "left", "The previous cell along the x axis."),
        Key("j,down", "move(0, 1)", "down", "The next cell along the y axis."),
        Key("k,up", "move(0, -1)", "up", "The previous cell along the y axis."),
    ),
)

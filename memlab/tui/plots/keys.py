"""The keys of all screens with charts."""

from memlab.tui.keys import Key, Keys

CHART_SCREEN = (
    Key("v", "read", "read", "Read values, and samples, at a cursor; ← → move it.", footer=True),
    Key("f", "full", "full", "Show the focused panel alone, or all panels again."),
    Key("plus,equals_sign", "zoom(0.5)", "zoom in", "Zoom in on the x axis; so does the mouse wheel."),
    Key("minus", "zoom(2)", "zoom out", "Zoom out on the x axis; so does the mouse wheel."),
    Key("left", "pan(-1)", "left", "Move the cursor, or the visible part, to the left."),
    Key("right", "pan(1)", "right", "Move the cursor, or the visible part, to the right."),
    Key("0", "reset", "reset", "Show the whole x axis."),
    Key("x", "log_x", "log x", "Switch between a logarithmic and a linear x axis."),
    Key("o", "outliers", "outliers", "Hide outliers: the y axis ignores the outermost values."),
    Key("M", "marker", "marker", "Draw with braille dots or with blocks."),
    Key("P", "save_figure", "figure", "Save a figure (PNG) of the visible charts in the current folder."),
    Key("escape", "back", "back", "Leave the full view, then the cursor, then the zoom."),
)  # fmt: skip

CHART = Keys(
    "Chart", (Key("y", "log_y", "log y", "Switch between a logarithmic and a linear y axis."),)
)

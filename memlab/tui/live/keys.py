"""The keys of the Live and Replay screen."""

from memlab.tui.keys import BASELINE, ROWS, Key, Keys
from memlab.tui.plots.keys import CHART_SCREEN

RUN = Keys(
    "Run",
    (
        Key("space", "pause", "pause", "Pause or resume the training.", footer=True, changes=True),
        Key("space", "play", "play", "Play or pause the replay.", footer=True),
        Key("p", "page", "page", "Show the other panels, where not all fit.", footer=True),
        Key("e", "edit", "edit", "Edit lr and other settings during training.", footer=True, changes=True),
        Key("K", "stop", "stop", "Save a checkpoint and stop the training.", footer=True, changes=True),
        *CHART_SCREEN,
        Key("c", "grid", "charts", "Show all measures as a grid of charts, or the panels.", footer=True),
        Key("i", "settings", "settings", "Show or hide the run's settings.", footer=True),
        Key("E", "explain", "explain", "Explain the spike at the cursor, else the highest.", footer=True, changes=True),
        Key("F", "fork", "fork", "Fork the run at this step with other settings.", footer=True, changes=True),
        Key("slash", "search", "filter", "Filter the charts of the grid, or the settings, by name.", footer=True),
        Key("m", "measure(1)", "measure", "Show the next measure in the third chart.", footer=True),
        Key("a", "pictures", "model", "Show attention, spectrum and logits at the nearest checkpoint.", footer=True, changes=True),
        Key("C", "checkpoint", "checkpoint", "Save a checkpoint now.", changes=True),
        Key("enter", "full", "enlarge", "Show the focused panel alone, or all panels again."),
        Key("ctrl+right", "grid_size(0,1)", "more columns", "Grid: one more column of charts."),
        Key("ctrl+left", "grid_size(0,-1)", "fewer columns", "Grid: one column of charts less."),
        Key("ctrl+down", "grid_size(1,0)", "more rows", "Grid: one more row of charts."),
        Key("ctrl+up", "grid_size(-1,0)", "fewer rows", "Grid: one row of charts less."),
        Key("pagedown", "grid_page(1)", "next page", "Grid: the next page of charts."),
        Key("pageup", "grid_page(-1)", "previous page", "Grid: the previous page of charts."),
        BASELINE,
        Key("n", "spike(1)", "spike", "Read the values at the next spike.", footer=True),
        Key("N", "spike(-1)", "previous spike", "Read the values at the previous spike."),
        Key("w", "filter", "samples", "Show all, wrong, training or validation samples."),
        Key("left_square_bracket", "evaluation(-1)", "previous step", "Go to the previous evaluation."),
        Key("right_square_bracket", "evaluation(1)", "next step", "Go to the next evaluation."),
        Key("left_curly_bracket", "event(-1)", "previous event", "Go to the previous spike or phase."),
        Key("right_curly_bracket", "event(1)", "next event", "Go to the next spike or phase."),
        Key("less_than_sign", "speed(-1)", "slower", "Play at half the speed."),
        Key("greater_than_sign", "speed(1)", "faster", "Play at twice the speed."),
        Key("g", "go_to", "go to", "Go to a step.", footer=True),
        Key("home", "begin", "start", "Go to the start of the run."),
        Key("end,G", "follow", "end", "Go to the end, and follow it while the run is training."),
        Key("s", "smooth(1)", "smoother", "Increase the smoothing of the loss."),
        Key("S", "smooth(-1)", "less smooth", "Decrease the smoothing of the loss."),
    ),
)  # fmt: skip

LINES = Keys(
    "List",
    (
        *ROWS,
        Key(
            "enter",
            "choose",
            "open",
            "Open the line: a sample, or the step of an event.",
            footer=True,
        ),
    ),
)

SCRUBBER = Keys(
    "Time line",
    (
        Key("left", "slide(-0.01)", "back", "Move back by 1 % of the run."),
        Key("right", "slide(0.01)", "forward", "Move forward by 1 % of the run."),
    ),
)

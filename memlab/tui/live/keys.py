"""The keys of the Live and Replay screen."""

from memlab.tui.keys import LOOK, Key, Keys

RUN = Keys(
    "A run",
    (
        Key("space", "pause", "pause", "Let the training wait, or go on.", footer=True),
        Key("space", "play", "play", "Play the run, or hold it.", footer=True),
        Key("K", "stop", "stop", "Save a checkpoint and end the training.", footer=True),
        Key("C", "checkpoint", "checkpoint", "Save a checkpoint now and go on."),
        Key("e", "edit", "edit", "Change the lr and other settings while it trains.", footer=True),
        Key("m", "measure(1)", "measure", "The next measure in the third chart.", footer=True),
        *LOOK,
        Key("n", "spike(1)", "spike", "Read the values at the next spike.", footer=True),
        Key("N", "spike(-1)", "spike back", "Read the values at the spike before."),
        Key("w", "filter", "wrong", "Show all, wrong, training or validation samples."),
        Key("p", "page", "page", "The other panels, where there is no room for all.", footer=True),
        Key("left_square_bracket", "evaluation(-1)", "step back", "One evaluation back."),
        Key("right_square_bracket", "evaluation(1)", "step", "One evaluation forward."),
        Key("left_curly_bracket", "event(-1)", "event back", "To the spike or phase before."),
        Key("right_curly_bracket", "event(1)", "event", "To the next spike or phase."),
        Key("less_than_sign", "speed(-1)", "slower", "Play at half the speed."),
        Key("greater_than_sign", "speed(1)", "faster", "Play at twice the speed."),
        Key("g", "go_to", "go to", "Go to a step.", footer=True),
        Key("home", "begin", "begin", "To the beginning of the run."),
        Key("end,G", "follow", "end", "To the end; follow it while the run trains."),
        Key("s", "smooth(1)", "smoother", "Smooth the loss more."),
        Key("S", "smooth(-1)", "rougher", "Smooth the loss less."),
    ),
)

CHART = Keys("A chart", (Key("y", "log_y", "log y", "Logarithmic or linear values."),))

LINES = Keys(
    "A list",
    (
        Key("j,down", "move(1)", "down", "The next line."),
        Key("k,up", "move(-1)", "up", "The line before."),
        Key("pagedown", "page(1)", "page down", "A page down."),
        Key("pageup", "page(-1)", "page up", "A page up."),
        Key("enter", "choose", "open", "What the line stands for.", footer=True),
    ),
)

SCRUBBER = Keys(
    "The time line",
    (
        Key("left", "slide(-0.01)", "back", "One hundredth of the run back."),
        Key("right", "slide(0.01)", "forward", "One hundredth of the run forward."),
    ),
)

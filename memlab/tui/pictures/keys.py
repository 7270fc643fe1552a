"""The keys of the screen that shows a model's pictures."""

from memlab.tui.keys import Key, Keys

PICTURES = Keys(
    "Model",
    (
        Key("f,enter", "full", "full", "Show the focused picture alone, or all.", footer=True),
        Key("left_square_bracket", "checkpoint(-1)", "previous", "The checkpoint before.", footer=True),
        Key("right_square_bracket", "checkpoint(1)", "next", "The next checkpoint.", footer=True),
        Key("escape,a", "back", "back", "Back to the run; ends a computation.", footer=True),
    ),
)  # fmt: skip

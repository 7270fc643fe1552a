"""The keys of the Explanation screen."""

from memlab.tui.keys import Key, Keys

EXPLAIN = Keys(
    "Explanation",
    (
        Key("f", "full", "full", "Show the chart alone, or chart and table.", footer=True),
        Key("y", "log_y", "log y", "Switch between a logarithmic and a linear loss.", footer=True),
        Key("escape,E", "back", "back", "Back to the run; stops the computation.", footer=True),
    ),
)

"""The keys of the Compare screen."""

from memlab.tui.keys import BASELINE, TABLE, Key, Keys
from memlab.tui.plots.keys import CHART_SCREEN

COMPARE = Keys(
    "Compare",
    (
        Key("m", "cycle_measure", "measure", "Compare the next measure.", footer=True),
        Key("a", "cycle_axis", "x axis", "Step, epoch, wall time, steps since memorized.", footer=True),
        Key("y", "log_y", "log y", "Switch between a logarithmic and a linear y axis.", footer=True),
        *CHART_SCREEN,
        BASELINE,
        Key("s", "group", "seeds", "Show runs that differ only in seed as median and band.", footer=True),
        Key("z", "focus_run", "focus", "Dim all runs except the one under the cursor.", footer=True),
        Key("space", "drop", "drop", "Remove the run from the comparison."),
        Key("l", "picker", "runs", "Show or hide the list of runs.", footer=True),
        Key("slash", "filter", "filter", "Filter the list of runs, as in status:finished val_loss<0.1.", footer=True, to_input=True),
        Key("enter", "open", "open", "Open the run under the cursor.", footer=True),
    ),
)  # fmt: skip

PICKER = Keys(
    "Runs to compare",
    (
        Key("space", "toggle_run", "add", "Add the run to the comparison, or remove it, and move down.", footer=True),
        *TABLE.rows,
    ),
)  # fmt: skip

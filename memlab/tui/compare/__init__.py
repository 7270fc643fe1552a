"""The Compare screen: overlaid curves of several runs, and a table of their differences."""

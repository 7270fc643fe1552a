"""A spike explained: what was changed, and what became of the spike."""

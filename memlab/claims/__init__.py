"""Claims of presets, checked against recorded runs."""

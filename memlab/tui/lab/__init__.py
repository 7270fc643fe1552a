"""The Lab screen: choose a preset, edit it, check it, start it."""

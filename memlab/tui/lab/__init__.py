"""The Lab: choose a preset, edit it, look ahead, start."""

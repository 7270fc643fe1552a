"""The run folder: events, sealed rows, checkpoints, commands and history."""

"""What a run is: events, sealed rows, checkpoints, commands and history, in one folder."""

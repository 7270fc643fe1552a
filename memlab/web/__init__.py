"""The console in a browser: a server for this machine, one process per tab."""

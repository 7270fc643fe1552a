"""The Python API: runs and sweeps as objects, training from Python."""

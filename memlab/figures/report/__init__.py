"""Reports of a run, of several runs or of a sweep, from recorded data."""

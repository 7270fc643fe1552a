"""The sweeps of a folder: progress, results by cell, heat map, curves."""

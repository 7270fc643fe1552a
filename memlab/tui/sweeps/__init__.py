"""The Sweeps screen: progress, results by cell, heat map, curves."""

"""Sweeps: many runs of one experiment, the workers that execute them, and their statistics."""

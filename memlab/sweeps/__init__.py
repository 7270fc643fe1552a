"""Sweeps: many runs of one experiment, their statistics, and workers that execute them."""

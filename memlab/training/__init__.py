"""Training: steps, evaluations, checkpoints, and the worker that records them."""

import os

# Number of spins before an idle OpenMP thread sleeps; libgomp reads it when torch is loaded. With the
# default, threads spin so long that other processes on the same cores nearly stop training;
# docs/decisions.md has the measurements.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "6000")

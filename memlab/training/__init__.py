"""Training: steps, evaluations, checkpoints, and the worker that records them."""

import os

# How long OpenMP's threads spin before they sleep, read when torch is loaded. By default they spin
# so long that other work on the same cores nearly stops training; docs/decisions.md has the figures.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "6000")

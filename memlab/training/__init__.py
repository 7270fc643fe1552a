"""How a model trains: steps, evaluations, checkpoints, and the worker that writes them down."""

import os

# How long OpenMP's threads spin before they sleep, read when torch is loaded. By default they spin
# so long that other work on the same cores all but stops training; docs/decisions.md has the figures.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "6000")

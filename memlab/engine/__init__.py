"""How a model trains: steps, evaluations, checkpoints, and the worker that writes them down."""

import os

# Threads that wait for each other by spinning stop a step for whole time slices when something
# else wants the same cores: 2,163 ms a step instead of 75 on a loaded machine. Read at torch's load.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

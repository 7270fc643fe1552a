"""How a model trains: steps, evaluations, checkpoints, and the worker that writes them down."""

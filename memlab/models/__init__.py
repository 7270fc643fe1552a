"""The transformer as plain PyTorch modules."""

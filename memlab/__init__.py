"""A lab console for memorization and generalization in tiny transformers."""

__version__ = "0.1.0"

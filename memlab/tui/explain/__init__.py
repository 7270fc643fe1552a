"""The explanation of a spike: which changes were tested, and their effects."""

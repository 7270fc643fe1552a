"""Engines: implementations of the forward pass that are equal up to rounding."""

"""Presets: schema, strict YAML, overrides, preflight checks."""

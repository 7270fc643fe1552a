"""The Python interface: what `import memlab` offers."""

"""The console: shows run folders and writes presets, labels and commands. It never trains."""

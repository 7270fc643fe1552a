"""Tasks and measures that are not part of memlab: files in a folder, or installed packages.

A plugin is found by name and imported only when a preset, or a command, names it. The name of a file
is the name of the task, or of the measure, that it defines. Packages declare entry points of the
groups `memlab.tasks` and `memlab.measures`.
"""

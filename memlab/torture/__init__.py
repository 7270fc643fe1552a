"""Trials that try to break a small run: kills, full disks, damaged files."""

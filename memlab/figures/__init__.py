"""Figures and reports: recorded data as publishable pictures (matplotlib) and pages (jinja2)."""

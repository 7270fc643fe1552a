"""JSON Schemas (draft 2020-12) of files, events and what commands print with `--json`."""

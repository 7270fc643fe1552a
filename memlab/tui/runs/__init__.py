"""The runs: read without delay, filtered, sorted, marked, labelled, deleted."""

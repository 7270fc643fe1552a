"""The Runs screen: list, filter, sort, mark, label and delete runs."""

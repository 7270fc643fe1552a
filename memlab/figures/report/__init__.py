"""Reports: a run, several runs or a sweep as one page, made from what was recorded."""

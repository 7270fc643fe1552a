"""Forms of one computation: plain, pruned and as a prefix tree; equal but for rounding."""

"""What is measured. One file = one quantity."""

"""What a model looks like inside: attention, embedding spectrum, logit table."""

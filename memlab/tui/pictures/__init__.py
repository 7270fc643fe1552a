"""Pictures of a model: attention, embedding spectrum, logit table."""

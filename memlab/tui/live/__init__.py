"""The Live and Replay screen: one run, at its end or at any earlier step."""

"""What all chart screens share: charts, their viewport, their keys."""

"""Durations as text."""


def duration(seconds: float) -> str:
    """A duration in its two largest units: "2 min 10 s"."""
    if seconds < 1:
        return f"{seconds:.2g} s"
    days, rest = divmod(round(seconds), 86400)
    parts = zip(
        (days, rest // 3600, rest // 60 % 60, rest % 60), ("d", "h", "min", "s"), strict=True
    )
    return " ".join([f"{n} {unit}" for n, unit in parts if n][:2])

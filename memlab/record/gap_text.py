"""A gap as text."""

from memlab.record.events import Gap


def gap_text(gap: Gap) -> str:
    """Location, number and kind of non-finite values."""
    kinds = {"NaN": gap.nan, "infinite": gap.infinite}
    counts = " and ".join(f"{n:,} {kind}" for kind, n in kinds.items() if n)
    where = (
        f"at step {gap.first:,}"
        if gap.first == gap.last
        else f"in steps {gap.first:,} to {gap.last:,}"
    )
    return f"a gap {where}: {counts}" + ("" if gap.closed else "; still open")

"""Whether a Textual worker is still running; thread workers cannot be cancelled."""

from textual.dom import DOMNode


def worker_running(node: DOMNode, group: str) -> bool:
    """Whether a worker of this node, in this group, has not finished."""
    return any(w.node is node and w.group == group and not w.is_finished for w in node.workers)

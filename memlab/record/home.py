"""Where memlab keeps things of its own for a person, outside of any run."""

import os
from pathlib import Path


def home_folder(variable: str, default: str) -> Path | None:
    """`memlab` in the folder that `$variable` names, else in `~/default`; None without a home.

    As the XDG base directory specification has it: a relative path in the variable is ignored.
    """
    folder = os.environ.get(variable, "")
    if not os.path.isabs(folder):
        folder = os.path.expanduser(f"~/{default}")
    return Path(folder, "memlab") if os.path.isabs(folder) else None

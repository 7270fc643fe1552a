"""`memlab watch`: follows a growing log of another program in the console."""

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from memlab.cli.import_log import Format, Renamed, SourcePath, parse_map
from memlab.cli.options import RunsFolder

if TYPE_CHECKING:
    from memlab.formats.follow import LogFollower

POLL_SECONDS = 0.5
"""seconds between two reads of the file"""


def watch(
    source: SourcePath, format: Format = None, renamed: Renamed = None, runs: RunsFolder = None
) -> None:
    """Follow a growing log in the console and import it as a run.

    In a folder, the most recently written log is followed.
    """
    from memlab.cli.streams import need_terminal
    from memlab.formats.follow import LogFollower
    from memlab.record.runs import runs_folder

    need_terminal()
    follower = LogFollower(Path(source), runs_folder(runs), format, parse_map(renamed or []))
    while follower.recording is None:
        if not follower.poll():
            time.sleep(POLL_SECONDS)
    _open(follower, runs_folder(runs))


def _open(follower: "LogFollower", runs: Path) -> None:
    """Show the run while a thread writes it; an error in the log closes the console."""
    from memlab.cli.shutdown import Shutdown
    from memlab.errors import MemlabError
    from memlab.tui.app import Memlab
    from memlab.tui.console_state import ConsoleState, state_file
    from memlab.tui.messages import OpenRun

    assert follower.recording is not None
    errors: list[MemlabError] = []
    closing = threading.Event()
    first = OpenRun(follower.recording.folder, None, None)
    app = Memlab(runs, first=first, state=ConsoleState(state_file()))

    def follow() -> None:
        try:
            while not closing.wait(POLL_SECONDS):
                follower.poll()
        except MemlabError as error:
            errors.append(error)
            app.call_from_thread(app.exit)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    Shutdown().watch(lambda: app.call_from_thread(app.exit))
    try:
        app.run()
    finally:
        closing.set()
        thread.join()
        if not errors:
            follower.close()
    if errors:
        raise errors[0]

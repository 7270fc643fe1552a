"""The command line. One file = one command: parse, call, print."""

import errno
import gc
import sys

REFUSALS = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO,
    errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE,
}  # fmt: skip
"""Errors of the operating system that are reported without a traceback."""


def main() -> None:
    """Run the command that `sys.argv` names and exit with its code.

    0 success, 1 a bug (with traceback), 2 a user error (without), 3 a claim or check not met or
    divergence, 130 interrupted and resumable, 141 stdout was closed (`memlab runs | head`).
    """
    from memlab.cli.encoding import replace_missing_characters
    from memlab.cli.streams import drop_broken_streams, replace_closed_streams

    replace_closed_streams()
    replace_missing_characters()
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        # The exit code of programs that SIGPIPE ends; 0 would mean that a check passed.
        code = 141
        drop_broken_streams()
    sys.exit(code)


def _run() -> str | int | None:
    """Run the command; returns its exit code."""
    # Modules are permanent, so a garbage collection during an import finds nothing. `options`
    # enables it.
    gc.disable()
    from memlab.cli.app import app
    from memlab.cli.output import fail
    from memlab.errors import MemlabError, RunError

    try:
        app(prog_name="memlab")
    except SystemExit as error:
        # Both typer and rich turn a broken pipe into an exit with 1.
        if isinstance(error.__context__, BrokenPipeError):
            raise error.__context__ from None
        return error.code
    except MemlabError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        where = None if error.filename is None else str(error.filename)
        return fail(RunError(f"the operating system refused: {error.strerror}", where=where))
    return 0

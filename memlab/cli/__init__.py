"""The command line. One file = one command: parse, call, print."""

import errno
import sys

REFUSALS = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO,
    errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE,
}  # fmt: skip
"""What a system may refuse: no bug, whatever was asked of it."""


def main() -> None:
    """Run the command that `sys.argv` names and exit with its code.

    0 done, 1 a bug (with its traceback), 2 a user's mistake (without), 3 a claim or check not met
    or divergence, 130 interrupted and resumable.
    """
    from memlab.cli.app import app
    from memlab.cli.output import fail
    from memlab.errors import MemlabError, RunError

    try:
        app(prog_name="memlab")
    except MemlabError as error:
        sys.exit(fail(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader left (`memlab runs | head`); nothing is lost, and nobody is there to tell.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        where = None if error.filename is None else str(error.filename)
        sys.exit(fail(RunError(f"the system refuses this: {error.strerror}", where=where)))

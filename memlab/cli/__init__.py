"""The command line. One file = one command: parse, call, print."""

import sys


def main() -> None:
    """Run the command that `sys.argv` names and exit with its code.

    0 done, 1 a bug (with its traceback), 2 a user's mistake (without), 3 a claim or check not met
    or divergence, 130 interrupted and resumable.
    """
    from memlab.cli.app import app
    from memlab.cli.output import fail
    from memlab.errors import MemlabError

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

"""memlab with torch already loaded: each command runs in a forked child, which starts at once.

    python fork_server.py SOCKET      reads {"words", "folder", "environment"} with four descriptors:
                                      the three streams, and a socket for the pid and exit code

Each child behaves like a separate process in what the tests check: signals, streams, exit code.
"""

import json
import os
import signal
import socket
import sys


def serve(connection: socket.socket) -> None:
    import torch

    import memlab.cli.app
    import memlab.cli.progress
    import memlab.cli.training
    import memlab.detectors.observer
    import memlab.preset.create
    import memlab.tasks.modular
    import memlab.training.worker  # noqa: F401

    torch.set_num_threads(1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    connection.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 4)
        if not message:
            return
        if not os.fork():
            connection.close()
            watch(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def watch(request: dict, descriptors: list[int]) -> None:
    """Start the command; report its pid, then its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, report = descriptors
    pid = os.fork()
    if not pid:
        os.close(report)
        run_command(request, streams)
    for stream in streams:
        os.close(stream)
    with socket.socket(fileno=report) as report_socket:
        report_socket.send(str(pid).encode())
        report_socket.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    os._exit(0)


def run_command(request: dict, streams: list[int]) -> None:
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if os.isatty(0):
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    # sys's streams belong to the parent's descriptors; line buffering depends on the terminal.
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    sys.argv = ["memlab", *request["words"]]
    from memlab.cli import main

    code = 1
    try:
        main()
        code = 0
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
        finally:
            os._exit(code)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as open_socket:
        serve(open_socket)

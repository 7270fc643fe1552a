"""System calls of which one fails: the process dies, a write is short, or an error occurs."""

import errno

from memlab.record import files


class Dead(BaseException):
    """The process died: later calls have no effect."""


class Faulty(files.Calls):
    """Fails at call number `at`; once the process died, every later call fails."""

    def __init__(self, at: int, fault: str) -> None:
        self.count, self.at, self.fault, self.dead = 0, at, fault, False
        for name in ("open", "pwrite", "fsync", "rename", "mkdir", "unlink", "rmdir"):
            setattr(self, name, self.faulty(name, getattr(files.Calls, name)))

    def faulty(self, name, real):
        def call(*args):
            self.count += 1
            if self.dead:
                raise Dead
            if self.count == self.at:
                return self.fail(name, real, *args)
            return real(*args)

        return call

    def fail(self, name, real, *args):
        if self.fault in ("short", "dies") and name == "pwrite":
            fd, data, offset = args
            written = real(fd, data[: len(data) // 2], offset) if len(data) > 1 else 0
            if self.fault == "short":
                return written
        if self.fault == "dies":
            self.dead = True
            raise Dead
        if self.fault == "short":
            return real(*args)
        raise OSError(getattr(errno, self.fault), self.fault)

"""The process of one browser tab: a console that draws into pipes."""

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import final

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

MAX_COLUMNS, MAX_ROWS = 500, 200
FPS = "15"
"""maximum frames per second; the 60 of textual-serve would slow training down"""
CLOSE_SECONDS = 10.0
"""seconds to wait for a console to exit before it is killed"""
UNSAFE_VARIABLES = ("EDITOR", "VISUAL", "MEMLAB_PLUGINS")
"""environment variables that would let a tab start programs"""


@final
class TabProcess(AppService):
    """Starts the console from a list of arguments, without a shell, in a separate session."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[object]],
        download_manager: DownloadManager,
    ) -> None:
        async def close_socket() -> None:
            await close()

        super().__init__(
            shlex.join(arguments),
            write_bytes=write_bytes,
            write_str=write_str,
            close=close_socket,
            download_manager=download_manager,
        )
        self._arguments = tuple(arguments)

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = super()._build_environment(*clamped(width, height))
        return {
            **{name: value for name, value in environment.items() if name not in UNSAFE_VARIABLES},
            "TEXTUAL_FPS": FPS,
            "MEMLAB_PLUGINS": "off",
        }

    async def _open_app_process(
        self, width: int = 80, height: int = 24
    ) -> asyncio.subprocess.Process:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._build_environment(width, height),
            # Ctrl+C in the server's terminal must reach the server alone, which closes the consoles.
            start_new_session=True,
        )
        assert process.stdin is not None
        self._stdin = process.stdin
        return process

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Forward the size of the terminal, within bounds."""
        await super().set_terminal_size(*clamped(width, height))

    async def stop(self) -> None:
        """Close the console and wait until it exits; kill it if it does not."""
        if (process := self._process) is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().stop()
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.kill(process.pid, 9)
            await process.wait()


def clamped(width: int, height: int) -> tuple[int, int]:
    """A size in cells between 1x1 and the maximum size of a tab."""
    return max(1, min(int(width), MAX_COLUMNS)), max(1, min(int(height), MAX_ROWS))

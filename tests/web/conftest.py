"""Support for tests that are coroutines, and a server in the test process."""

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from memlab.web.server import ConsoleServer

ECHO = """
import struct, sys
def send(kind, data):
    sys.stdout.buffer.write(kind + struct.pack(">I", len(data)) + data)
    sys.stdout.buffer.flush()
sys.stdout.buffer.write(b"__GANGLION__\\n")
sys.stdout.buffer.flush()
while head := sys.stdin.buffer.read(5):
    data = sys.stdin.buffer.read(struct.unpack(">I", head[1:])[0])
    if b'"quit"' in data:
        break
    send(b"D", head[:1] + data)
"""
"""A program in place of the console: it sends the contents of every packet back."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


class Client:
    """Sends requests with only the given headers and cookies to the server."""

    def __init__(self, server: ConsoleServer, session: aiohttp.ClientSession) -> None:
        self.server, self.session = server, session
        self.address = f"http://127.0.0.1:{server.port}"
        self.cookie = {"Cookie": f"{server.gate.cookie_name}={server.gate.cookie}"}
        self.origin = {"Origin": self.address}

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        """Status, text and headers of the response."""
        request = self.session.get(self.address + path, headers=headers, allow_redirects=False)
        async with request as response:
            return response.status, await response.text(), response.headers

    def socket(self, headers: dict[str, str], query: str = "width=80&height=24") -> Any:
        return self.session.ws_connect(f"{self.address}/ws?{query}", headers=headers)


@pytest.fixture
def served() -> Callable[..., Any]:
    """Serves the echo program: `async with served(tabs=2) as client`."""

    @asynccontextmanager
    async def opened(tabs: int = 2) -> AsyncIterator[Client]:
        server = ConsoleServer([sys.executable, "-c", ECHO], port=0, tabs=tabs)
        stopped, listening = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(server.run_until(stopped, lambda url: listening.set()))
        await listening.wait()
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                yield Client(server, session)
        finally:
            stopped.set()
            await task

    return opened

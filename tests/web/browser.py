"""Headless Chromium, controlled with the DevTools protocol; reads the terminal in a page."""

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pyte

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One tab. Its terminal is drawn on a canvas, so the text is read from the WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._ids, self._session = socket, itertools.count(1), None
        self._answers: dict[int, asyncio.Future[dict]] = {}
        self._arrived = asyncio.Event()
        self.screen = pyte.Screen(300, 100)
        self._stream = pyte.ByteStream(self.screen)
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            event = json.loads(message.data)
            if event.get("id") in self._answers:
                self._answers.pop(event["id"]).set_result(event)
            elif event.get("method") == "Network.webSocketFrameReceived":
                frame = event["params"]["response"]
                if frame["opcode"] == 2:
                    self._stream.feed(base64.b64decode(frame["payloadData"]))
                    self._arrived.set()

    async def call(self, method: str, **parameters: Any) -> dict:
        number = next(self._ids)
        self._answers[number] = asyncio.get_running_loop().create_future()
        session = {} if self._session is None else {"sessionId": self._session}
        answer = self._answers[number]
        await self._socket.send_json(
            {"id": number, "method": method, "params": parameters} | session
        )
        reply = await answer
        assert "error" not in reply, reply
        return reply["result"]

    async def attach(self) -> None:
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        await self.call("Network.enable")
        await self.call("Page.enable")

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)
        self.screen.reset()

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; awaits promises."""
        result = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return result["result"].get("value")

    async def frame(self) -> None:
        """Wait until the browser draws the next frame."""
        await self.evaluate("new Promise(requestAnimationFrame)")

    async def press(self, *keys: str) -> None:
        """Press keys: single characters, or `Enter`."""
        for key in keys:
            text = "\r" if key == "Enter" else key
            code = {"windowsVirtualKeyCode": 13} if key == "Enter" else {}
            await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, **code)
            await self.call("Input.dispatchKeyEvent", type="keyUp", key=key, **code)

    async def until(self, shown: str | Callable[[str], object]) -> str:
        """Wait until the terminal shows a text; the timeout of the test limits the wait."""
        holds = (lambda text: shown in text) if isinstance(shown, str) else shown
        while not holds(self.text):
            self._arrived.clear()
            await self._arrived.wait()
        return self.text

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    async def picture(self, path: Path) -> None:
        answer = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Page]:
    """A page of a browser without history and cookies."""
    assert PROGRAM is not None
    process = subprocess.Popen(
        [
            PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
            f"--user-data-dir={folder}", "--window-size=1300,800", "about:blank",
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        url = next(line.split()[-1] for line in lines if line.startswith("DevTools listening"))
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(url, max_msg_size=1 << 28) as socket,
        ):
            page = Page(socket)
            await page.attach()
            yield page
    finally:
        process.kill()
        process.wait()
        process.stderr.close()

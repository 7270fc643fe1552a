"""The server: a page with a terminal, and a WebSocket that connects it to a console process."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

import aiohttp_jinja2
import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler
from textual_serve.server import Server, to_int

from memlab.web.gate import ADDRESS, Gate
from memlab.web.tab import TabProcess

PAGE = Path(__file__).parent / "page"
MAX_MESSAGE = 1 << 20
"""maximum size in bytes of a message from the browser, such as pasted text"""
CLOSING_SECONDS = 2.0
"""seconds to wait for browsers when the server ends"""


@final
class ConsoleServer(Server):
    """Serves a console on 127.0.0.1 to clients that have the token in `url`."""

    def __init__(self, arguments: Sequence[str], *, port: int, tabs: int) -> None:
        """
        Args:
            arguments: command line of a console, executed without a shell.
            port: 0 = any free port.
            tabs: maximum number of open consoles.
        """
        super().__init__("memlab", host=ADDRESS, port=port, title="memlab")
        self.arguments, self.limit = tuple(arguments), tabs
        self.gate = Gate(port)
        self.sockets: set[web.WebSocketResponse] = set()
        """of all open tabs"""

    async def run_until(self, stopped: asyncio.Event, announce: Callable[[str], None]) -> None:
        """Serve until `stopped` is set; `announce` is called with the URL once the server listens.

        Raises:
            OSError: the port is taken.
        """
        # No access log: its lines would contain the token.
        runner = web.AppRunner(
            await self._make_app(), access_log=None, shutdown_timeout=CLOSING_SECONDS
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, ADDRESS, self.port).start()
            self.port = runner.addresses[0][1]
            self.gate = Gate(self.port)
            announce(self.gate.url)
            await stopped.wait()
        finally:
            await runner.cleanup()

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(PAGE), autoescape=True)
        app.add_routes(
            [
                web.get("/", self.handle_index, name="index"),
                web.get("/ws", self.handle_websocket, name="websocket"),
                web.get("/download/{key}", self.handle_download, name="download"),
                web.static("/static", self.statics_path, name="static"),
                web.static("/page", PAGE, name="page"),
            ]
        )
        app.on_response_prepare.append(self._add_headers)
        app.on_shutdown.append(self._close_tabs)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Accept requests with the cookie; exchange the token for the cookie."""
        gate = self.gate
        if refusal := gate.refusal(request.headers, is_socket=request.path == "/ws"):
            raise web.HTTPForbidden(text=f"{refusal}\n")
        token = request.query.get("token")
        if request.path == "/" and token is not None and gate.accepts_token(token):
            redirect = web.HTTPSeeOther("/")
            redirect.set_cookie(gate.cookie_name, gate.cookie, httponly=True, samesite="Strict")
            raise redirect
        if not gate.accepts_cookie(request.cookies.get(gate.cookie_name, "")):
            raise web.HTTPForbidden(text="open the URL that `memlab serve` printed\n")
        return await handler(request)

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        # xterm.js sets style attributes, hence unsafe-inline for styles; scripts are files.
        response.headers.update(
            {
                "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
                "style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
                f"connect-src 'self' ws://{ADDRESS}:{self.port} ws://localhost:{self.port}; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                "Cache-Control": "no-store",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            }
        )

    @aiohttp_jinja2.template("index.html")
    async def handle_index(self, request: web.Request) -> dict[str, object]:
        """The page, unless the maximum number of tabs is open."""
        self._require_free_tab()
        size = min(max(to_int(request.query.get("fontsize", "16"), 16), 6), 60)
        return {"socket": f"ws://{request.host}/ws", "font_size": size}

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run the console process of one tab until its socket closes."""
        self._require_free_tab()
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=MAX_MESSAGE)
        self.sockets.add(socket)
        try:
            await socket.prepare(request)
            tab = TabProcess(
                self.arguments,
                write_bytes=socket.send_bytes,
                write_str=socket.send_str,
                close=socket.close,
                download_manager=self.download_manager,
            )
            width, height = (to_int(request.query.get(key, ""), 80) for key in ("width", "height"))
            await tab.start(width, height)
            try:
                await self._process_messages(socket, tab)
            except _MALFORMED:
                await socket.close(code=1002)
            finally:
                await tab.stop()
        finally:
            self.sockets.discard(socket)
        return socket

    def _require_free_tab(self) -> None:
        if len(self.sockets) >= self.limit:
            text = f"{self.limit} tabs are open, which is the limit (--tabs); close one\n"
            raise web.HTTPServiceUnavailable(text=text)

    async def _close_tabs(self, app: web.Application) -> None:
        for socket in tuple(self.sockets):
            await socket.close(code=1001)


_MALFORMED = (AssertionError, AttributeError, LookupError, OverflowError, TypeError, ValueError)
"""exceptions that only messages from other pages than ours raise"""

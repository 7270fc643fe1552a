"""Decides which requests the server answers.

Browsers send the cookies of 127.0.0.1 to all of its ports, and any web page may open a WebSocket to
it. Therefore a request must carry the cookie, name this server as its host (against DNS rebinding)
and, if the browser states the origin, come from this server's own page.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import final

ADDRESS = "127.0.0.1"
"""the only address that the server listens on"""


@final
class Gate:
    """The secrets of one server: the token in its URL, and the cookie given in exchange for it."""

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.cookie = secrets.token_urlsafe(32)
        self.cookie_name = f"memlab-{port}"
        """Browsers share cookies among ports, so the port is part of the name."""
        self._hosts = {f"{name}:{port}" for name in (ADDRESS, "localhost")}
        self.url = f"http://{ADDRESS}:{port}/?token={self.token}"

    def refusal(self, headers: Mapping[str, str], *, is_socket: bool) -> str | None:
        """Why a request is refused; None if its host and origin are accepted.

        Args:
            headers: of the request, with names in any case.
            is_socket: whether it opens a WebSocket, whose origin browsers always state.
        """
        host, origin = headers.get("Host", ""), headers.get("Origin")
        if host not in self._hosts:
            return "this server answers requests to 127.0.0.1 only"
        if origin != f"http://{host}" and (is_socket or origin is not None):
            return "the request comes from another page"
        if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return "the request comes from another page"
        return None

    def accepts_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.token.encode())

    def accepts_cookie(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.cookie.encode())

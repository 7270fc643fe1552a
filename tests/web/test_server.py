"""The web server: access control, and messages of a tab. An echo program replaces the console."""

import json

import aiohttp
import pytest

PATHS = ["/", "/ws", "/static/js/textual.js", "/page/page.js", "/download/x", "/nowhere"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_request_without_the_cookie_is_refused(served, path):
    async with served() as client:
        for headers in ({}, {"Cookie": f"{client.server.gate.cookie_name}=guess"}):
            status, text, _ = await client.get(path, **client.origin, **headers)
            assert status == 403
            assert "script" not in text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=lambda headers: " ".join(*headers.items()),
)
async def test_a_request_of_another_page_is_refused_even_with_the_cookie(served, path, headers):
    async with served() as client:
        status, text, _ = await client.get(path, **(client.cookie | client.origin | headers))
        assert status == 403
        assert "script" not in text


async def test_the_token_is_exchanged_for_a_cookie_and_removed_from_the_url(served):
    async with served() as client:
        status, _, headers = await client.get(f"/?token={client.server.gate.token}")
        assert (status, headers["Location"]) == (303, "/")
        words = headers["Set-Cookie"].split("; ")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(words)
        assert client.server.gate.token not in headers["Set-Cookie"]
        status, text, headers = await client.get("/", Cookie=words[0])
        assert status == 200
        assert f"ws://127.0.0.1:{client.server.port}/ws" in text
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("token", ["", "wrong", "%C3%BC"])
async def test_a_wrong_token_is_refused(served, token):
    async with served() as client:
        status, _, headers = await client.get(f"/?token={token}")
        assert status == 403
        assert "Set-Cookie" not in headers


async def test_the_token_is_accepted_only_for_the_page(served):
    async with served() as client:
        token = f"token={client.server.gate.token}"
        assert (await client.get(f"/static/js/textual.js?{token}"))[0] == 403
        assert (await client.get(f"/ws?{token}", **client.origin))[0] == 403


async def test_static_files_need_the_cookie_and_folders_are_not_listed(served):
    async with served() as client:
        for path, status in {
            "/static/js/textual.js": 200, "/page/page.js": 200,
            "/static/": 403, "/static/js": 403, "/page/": 403, "/page/../server.py": 404,
            "/page/%2e%2e/server.py": 404,
        }.items():  # fmt: skip
            assert (await client.get(path, **client.cookie))[0] == status, path


@pytest.mark.parametrize("missing", ["Origin", "Cookie"])
async def test_a_websocket_needs_cookie_and_origin(served, missing):
    async with served() as client:
        headers = {k: v for k, v in (client.cookie | client.origin).items() if k != missing}
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with client.socket(headers):
                pass
        assert caught.value.status == 403


async def test_a_tab_forwards_typed_text_unchanged_and_clips_sizes(served):
    async with served() as client, client.socket(client.cookie | client.origin) as socket:
        await socket.send_json(["stdin", "$(touch pwned) `id`; ü"])
        assert await socket.receive_bytes() == b"D" + "$(touch pwned) `id`; ü".encode()
        await socket.send_json(["resize", {"width": 10**9, "height": -5}])
        packet = await socket.receive_bytes()
        assert packet[:1] == b"M"
        assert json.loads(packet[1:]) == {"type": "resize", "width": 500, "height": 1}


@pytest.mark.parametrize(
    "message", ["no JSON", "{}", "[]", '["stdin"]', '["stdin", 5]', '["resize", {}]']
)
async def test_an_invalid_message_closes_the_tab(served, message):
    async with served() as client:
        async with client.socket(client.cookie | client.origin) as socket:
            await socket.send_str(message)
            closed = await socket.receive()
            assert closed.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        async with client.socket(client.cookie | client.origin) as socket:
            await socket.send_json(["stdin", "alive"])
            assert await socket.receive_bytes() == b"Dalive"


async def test_a_tab_beyond_the_limit_is_refused(served):
    async with served(tabs=1) as client:
        headers = client.cookie | client.origin
        async with client.socket(headers) as socket:
            await socket.send_json(["stdin", "one"])
            assert await socket.receive_bytes() == b"Done"
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                async with client.socket(headers):
                    pass
            assert caught.value.status == 503
            assert "--tabs" in (await client.get("/", **client.cookie))[1]
        while client.server.sockets:
            await client.get("/nowhere", **client.cookie)
        assert (await client.get("/", **client.cookie))[0] == 200


async def test_a_server_that_ends_ends_the_processes_of_its_tabs(served, monkeypatch):
    started = []
    from memlab.web.tab import TabProcess

    open_app_process = TabProcess._open_app_process

    async def recorded(self, width, height):
        started.append(await open_app_process(self, width, height))
        return started[-1]

    monkeypatch.setattr(TabProcess, "_open_app_process", recorded)
    async with served() as client:
        socket = await client.socket(client.cookie | client.origin)
        await socket.send_json(["stdin", "x"])
        await socket.receive_bytes()
        assert started[0].returncode is None
    assert started[0].returncode == 0


async def test_a_tab_gets_no_editor_and_no_plugins(monkeypatch):
    from memlab.web.tab import TabProcess

    for name in ("EDITOR", "VISUAL", "MEMLAB_PLUGINS"):
        monkeypatch.setenv(name, "/somewhere")
    tab = TabProcess(["x"], write_bytes=None, write_str=None, close=None, download_manager=None)
    environment = tab._build_environment(10**6, 0)
    assert {"EDITOR", "VISUAL"}.isdisjoint(environment)
    assert environment["MEMLAB_PLUGINS"] == "off"
    assert (environment["COLUMNS"], environment["ROWS"]) == ("500", "1")

"""The console in a real browser: headless Chromium (Debian's package `chromium`)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.run_id import is_id
from memlab.record.runs import list_runs
from memlab.record.status import Status

from .browser import PROGRAM, chromium

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed"),
]
PRESET = """\
name: tiny
about: Addition mod 7, for a browser.
task: {kind: modular, operation: add, modulus: 7, train_fraction: 0.5, format: equation}
model: {n_layers: 1, n_heads: 2, d_model: 16, init_std: 0.1}
training: {steps: 1000000, checkpoint_every: 1000}
evaluation: {every: 100, samples: 2}
"""
ATTACK = """
<title>attack</title>
<script>
async function attempt(what) {
  try { return await what(); } catch (error) { return "nothing"; }
}
const address = "127.0.0.1:PORT";
const fetched = () => fetch(`http://${address}/`, {credentials: "include"}).then(r => r.text());
const opaque = () => fetch(`http://${address}/`, {mode: "no-cors", credentials: "include"})
  .then(r => r.text()).then(text => text || "nothing");
const socket = () => new Promise((resolve) => {
  const one = new WebSocket(`ws://${address}/ws?width=80&height=24`);
  one.onopen = () => resolve("open");
  one.onerror = () => resolve("nothing");
});
const script = () => new Promise((resolve) => {
  const one = document.createElement("script");
  one.src = `http://${address}/static/js/textual.js`;
  one.onload = () => resolve("loaded");
  one.onerror = () => resolve("nothing");
  document.head.append(one);
});
window.result = Promise.all([fetched, opaque, socket, script].map(attempt));
</script>
"""


@pytest.fixture
def serve(tmp_path) -> Iterator:
    """Starts `memlab serve` in a folder with the preset `tiny`; gives its URL."""
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "tiny.yaml").write_text(PRESET)
    started = []

    def start(*options: str) -> str:
        process = subprocess.Popen(
            [sys.executable, "-m", "memlab", "serve", "--port", "0", "--json", *options],
            cwd=tmp_path,
            env={**os.environ, "MEMLAB_RUNS": str(tmp_path / "runs"), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return json.loads(process.stdout.readline())["url"]

    yield start
    for process in started:
        process.terminate()
        assert process.wait() == 0
        process.stdout.close()


async def _open_lab(page, url: str) -> None:
    await page.open(url)
    await page.until("Addition mod 59")


async def test_a_read_only_tab_shows_runs_and_changes_none(serve, tmp_path):
    run = create_run(load(str(tmp_path / "presets/tiny.yaml")), tmp_path / "runs", "a queued run")
    url = serve()
    async with chromium(tmp_path / "profile") as page:
        await _open_lab(page, url)
        assert await page.evaluate("location.href") == url.partition("?")[0]
        assert await page.evaluate("document.cookie") == ""
        assert "read-only" in page.text
        await page.press("s", "w", "3")
        await page.until("a queued run")
        await page.press("D", "n", "r", "#")
        await page.press("Enter")
        await page.until("queued")
        await page.press("3", "q")
        while not await page.evaluate("document.body.classList.contains('-closed')"):
            await page.frame()
    assert [found.path for found in list_runs(tmp_path / "runs")] == [run.path]
    assert run.status() is Status.QUEUED
    assert run.labels().name == "a queued run"
    assert [path.name for path in (tmp_path / "presets").iterdir()] == ["tiny.yaml"]


async def test_a_run_outlives_the_tab_that_started_it_and_another_tab_controls_it(serve, tmp_path):
    url = serve("--control")
    async with chromium(tmp_path / "profile") as page:
        await _open_lab(page, url)
        await page.press("/", *"tiny")
        await page.until("for a browser")
        await page.press("Enter")
        await page.until("s start")
        await page.press("s")
        await page.until("space pause")
        (run,) = list_runs(tmp_path / "runs")
        while run.status() is not Status.RUNNING:
            await page.frame()
        await page.open("about:blank")
        before = run.last_step()
        while run.last_step() <= before:
            assert run.status() is Status.RUNNING
            await page.frame()
        await _open_lab(page, url)
        await page.press("2")
        await page.until("space pause")
        await page.press(" ")
        while run.status() is not Status.PAUSED:
            await page.frame()
        await page.press("K")
        while run.status() is not Status.STOPPED:
            await page.frame()
    assert is_id(run.path.name)


async def test_a_page_of_another_origin_can_read_nothing(serve, tmp_path):
    url = serve("--control")
    port = url.split(":")[2].partition("/")[0]

    async def attack(request: web.Request) -> web.Response:
        return web.Response(text=ATTACK.replace("PORT", port), content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", attack)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with chromium(tmp_path / "profile") as page:
            await _open_lab(page, url)  # gives this browser the cookie
            for host in ("127.0.0.1", "localhost"):
                await page.open(f"http://{host}:{runner.addresses[0][1]}/")
                while await page.evaluate("document.title") != "attack":
                    await page.frame()
                assert await page.evaluate("window.result") == ["nothing"] * 4
    finally:
        await runner.cleanup()
    assert not Path(tmp_path / "runs").exists()

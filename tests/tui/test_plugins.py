"""The Lab names the plugins in use."""

from memlab.plugins.create import create_task
from memlab.plugins.folder import VARIABLE
from memlab.tui.lab.presets import Presets


async def test_the_lab_names_the_plugins_of_its_presets(console, here, settle, monkeypatch):
    create_task(here / "plugins", "zero_parity")
    monkeypatch.setenv(VARIABLE, str(here / "plugins"))
    (here / "presets" / "own.yaml").write_text(
        "extends: quickstart\nname: own\ntask: {kind: zero_parity, bits: 4}\n"
    )
    async with console() as (app, pilot):
        await settle(app, pilot)
        assert "zero_parity" in str(app.screen.query_one(Presets).border_subtitle)

"""Settings and fixtures that several test modules use."""

import gc
import os
import sys

# Test processes share the cores: one thread for small models. torch reads this on import.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Tests start many processes: loading bytecode saves each about a second of CPU time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from memlab.preset.load import from_json
from memlab.preset.schema import Preset
from memlab.record import derived, files
from memlab.record.explanation import CODE_VERSION, document_name
from memlab.record.folder import RunFolder

from .processes import ForkServer

# A deadline would be a timed assertion: on a loaded machine it fails although the code is correct.
settings.register_profile("thorough", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=25)
settings.load_profile("quick")


def pytest_configure() -> None:
    """Write bytecode of the test modules, independent of the environment."""
    sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """Exclude objects that live until the end from garbage collection, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_sessionfinish() -> None:
    """Find unclosed resources once; pytest collects five times, over all objects of torch."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Use temporary folders for the user's state and cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_fsync() -> Iterator[None]:
    """Skip fsync: without a power loss it changes nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files.Calls, "fsync", staticmethod(lambda fd: None))
        yield


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Preset]:
    """Create a preset that trains in under a second; settings by dotted key: `tiny(**{"a.b": 1})`."""

    def make(**settings: object) -> Preset:
        document: dict = {
            "name": "tiny",
            "task": {"kind": "modular", "operation": "add", "modulus": 7, "train_fraction": 0.5},
            "model": {"n_layers": 2, "n_heads": 2, "d_model": 16, "init_std": 0.1},
            "optimizer": {"lr": 0.01, "weight_decay": 0.1},
            "training": {"steps": 30, "checkpoint_every": 10},
            "evaluation": {"every": 5, "samples": 2},
        }
        for key, value in settings.items():
            *path, last = key.split(".")
            group = document
            for part in path:
                group = group.setdefault(part, {})
            group[last] = value
        return from_json(document)

    return make


@pytest.fixture(scope="session")
def store_explanation() -> Callable[..., None]:
    """Store an invented explanation of a spike: `store_explanation(folder, onset)`."""

    def keep(folder: RunFolder, onset: int) -> None:
        tried = (
            ("no change", "control", "no effect", 2.0),
            ("weight decay 0", "cause", "prevents", 0.02),
            ("eps 1e-05", "cause", "no effect", 1.5),
            ("lr halved", "information", "prevents", 0.03),
            *((f"placebo {i}", "placebo", "no effect", 1.9) for i in range(1, 6)),
        )
        changes = [
            {
                "change": name, "kind": kind, "effect": effect, "peak": peak, "peak_step": onset + 1,
                "first_step": onset - 19, "losses": [0.02] * 20 + [peak] + [peak / 2] * 19,
            }
            for name, kind, effect, peak in tried
        ]  # fmt: skip
        document = {
            "run": folder.id,
            "spike": {"step": onset, "base": 0.02, "peak": 2.0, "peak_step": onset + 1},
            "recomputed": {"from": 0, "equal": True},
            "window": {"change_at": onset - 20, "last": onset + 20, "level": 0.2},
            "changes": changes,
            "causes": ["weight decay 0"],
            "sentence": f"Weight decay 0 alone prevents the spike at step {onset}.",
        }
        derived.write_document(folder, document_name(onset), document, CODE_VERSION)

    return keep


@pytest.fixture(scope="session")
def program() -> Iterator[ForkServer]:
    """Starts `memlab` in forked processes, which start quickly; set its folder first."""
    server = ForkServer()
    yield server
    server.close()

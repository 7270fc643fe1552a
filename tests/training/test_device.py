import pytest
import torch

from memlab.errors import MemlabError
from memlab.training import device
from memlab.training.device import ONE_THREAD_BELOW, choose_device, set_threads


@pytest.fixture
def two_threads(monkeypatch):
    monkeypatch.setattr(device, "ALL_THREADS", 2)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_small_updates_use_one_thread(two_threads):
    set_threads(ONE_THREAD_BELOW / 2)
    assert torch.get_num_threads() == 1


def test_large_updates_use_all_threads_after_small_ones(two_threads):
    set_threads(0)
    set_threads(ONE_THREAD_BELOW * 2)
    assert torch.get_num_threads() == 2


def test_a_run_resumes_with_its_initial_number_of_threads(two_threads):
    set_threads(ONE_THREAD_BELOW * 2, before=1)
    assert torch.get_num_threads() == 1


def test_an_unavailable_device_is_an_error():
    with pytest.raises(MemlabError):
        choose_device("tpu")
    if not torch.cuda.is_available():
        assert choose_device("auto").type == "cpu"
        with pytest.raises(MemlabError, match="no CUDA"):
            choose_device("cuda")

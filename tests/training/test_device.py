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


def test_little_work_is_done_by_one_thread(two_threads):
    set_threads(ONE_THREAD_BELOW / 2)
    assert torch.get_num_threads() == 1


def test_much_work_takes_all_threads_also_after_little(two_threads):
    set_threads(0)
    set_threads(ONE_THREAD_BELOW * 2)
    assert torch.get_num_threads() == 2


def test_a_run_resumes_with_its_initial_number_of_threads(two_threads):
    set_threads(ONE_THREAD_BELOW * 2, before=1)
    assert torch.get_num_threads() == 1


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(MemlabError):
        choose_device("tpu")
    if not torch.cuda.is_available():
        assert choose_device("auto").type == "cpu"
        with pytest.raises(MemlabError, match="no CUDA"):
            choose_device("cuda")

from memlab.training.step_time import seconds_per_step


def test_the_time_per_step_is_estimated_without_a_run_folder(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert 0 < seconds_per_step(tiny(**{"training.steps": 1}), "cpu") < 60
    assert not list(tmp_path.iterdir())

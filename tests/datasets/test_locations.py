import sys
from pathlib import Path

import cs231n.datasets as datasets
import platformdirs.windows


def test_the_environment_variable_is_the_only_folder_when_set(monkeypatch, tmp_path):
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path / "data"))
    assert datasets.candidate_folders() == [tmp_path / "data"]
    assert datasets.data_dir() == tmp_path / "data"


def test_without_the_variable_data_lies_beside_the_code(monkeypatch, tmp_path):
    monkeypatch.delenv("CS231N_DATA_DIR", raising=False)
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "__init__.py"))
    assert datasets.data_dir() == tmp_path


def test_a_folder_that_cannot_be_written_gives_way_to_the_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("CS231N_DATA_DIR", raising=False)
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "zipped" / "__init__.py"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert datasets.data_dir() == tmp_path / "cache" / "cs231n"


def test_the_cache_folder_follows_the_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    # Asking Windows itself would need Windows.
    ask = platformdirs.windows.get_win_folder_from_env_vars
    monkeypatch.setattr(platformdirs.windows, "get_win_folder", ask)
    monkeypatch.setattr(sys, "platform", "win32")
    assert datasets._user_cache() == tmp_path / "cs231n"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert datasets._user_cache() == Path.home() / ".cache" / "cs231n"


def test_data_beside_the_code_needs_no_platformdirs(monkeypatch, tmp_path):
    monkeypatch.delenv("CS231N_DATA_DIR", raising=False)
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "__init__.py"))
    monkeypatch.setitem(sys.modules, "platformdirs.unix", None)
    (tmp_path / "mnist").mkdir()
    assert datasets.candidate_folders() == [tmp_path]
    assert datasets.data_dir() == tmp_path
    assert datasets.find_folder("mnist") == tmp_path / "mnist"


def test_find_folder_prefers_the_first_name_and_returns_none_without_any(monkeypatch, tmp_path):
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    (tmp_path / "b").mkdir()
    assert datasets.find_folder("a", "b") == tmp_path / "b"
    (tmp_path / "a").mkdir()
    assert datasets.find_folder("a", "b") == tmp_path / "a"
    assert datasets.find_folder("c") is None

"""``cs231n doctor``: one line for each thing that may matter."""

import numpy as np
import pytest

from cs231n import fast_layers
from cs231n.__main__ import main


def test_versions_the_live_path_and_the_data_folder_are_shown(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    with pytest.raises(SystemExit) as end:
        main(["doctor"])
    assert end.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and np.__version__ in lines[1]
    assert fast_layers.backend() in lines[2] and str(tmp_path) in lines[3]

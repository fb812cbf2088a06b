"""Modules that come with a question."""

import subprocess
import sys

import numpy as np

from cs231n.check.process import sent_modules


def test_modules_that_were_sent_are_imported_as_if_they_lay_there(tmp_path):
    (tmp_path / "part.py").write_text('"""Half."""\nfrom math import pi\nhalf = pi / 2\n')
    modules = sent_modules.pack_modules({"sent_for_a_test": tmp_path / "part.py"})
    assert [array.dtype for array in modules.values()] == [np.uint8]
    sent = modules["sent_for_a_test"].tolist()
    code = f"""
from cs231n.check.process import sent_modules
import numpy as np
try:
    import sent_for_a_test
except ModuleNotFoundError:
    sent_modules.install({{"sent_for_a_test": np.array({sent}, np.uint8)}})
import sent_for_a_test as module
assert module.half * 2 == module.pi and module.__doc__ == "Half."
try:
    import sent_for_no_test
except ModuleNotFoundError:
    print("as it should be")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout == "as it should be\n", run.stderr

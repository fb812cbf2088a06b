"""How the compiled extensions are found and loaded."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cs231n import fast_layers
from cs231n.fast import extensions


@pytest.mark.process
@pytest.mark.skipif(extensions.kernels() is None, reason="the extension is not built")
def test_defect_compiling_needed_a_restart_of_the_kernel(tmp_path):
    folder = Path(fast_layers.__file__).parent
    copy = shutil.copytree(
        folder, tmp_path / "cs231n", ignore=shutil.ignore_patterns("_kernels*.so", "_kernels*.pyd")
    )
    program = (
        "import sys; sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in str(f)]; "
        "from cs231n import fast_layers; print(fast_layers.backend(), flush=True); "
        "sys.stdin.readline(); print(fast_layers.backend())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as notebook:
        assert notebook.stdout.readline().startswith("NumPy")
        shutil.copy(extensions.kernels().__file__, copy / "fast")
        assert notebook.communicate("\n")[0].startswith("compiled kernels")


def test_a_thread_waits_for_an_extension_that_another_thread_still_imports(monkeypatch, tmp_path):
    began, gate, load = threading.Event(), threading.Event(), extensions.import_module

    def open_gate_and_load(name):
        if began.is_set():
            gate.set()
        return load(name)

    tmp_path.joinpath("_slow.py").write_text(
        "from cs231n.fast import extensions\nextensions.pause()\nready = True\n"
    )
    monkeypatch.setattr(extensions, "pause", lambda: (began.set(), gate.wait(60)), raising=False)
    monkeypatch.setattr(extensions, "import_module", open_gate_and_load)
    package = sys.modules["cs231n.fast"]
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    first = threading.Thread(target=extensions.extension, args=("_slow",))
    first.start()
    began.wait(60)
    try:
        assert hasattr(extensions.extension("_slow"), "ready")
    finally:
        gate.set()
        first.join()
        del sys.modules["cs231n.fast._slow"]


@pytest.mark.process
def test_threads_that_wait_go_to_sleep_soon_and_the_environment_stays_as_it_was():
    program = (
        "import os; before = dict(os.environ); from cs231n.fast_layers import backend; backend(); "
        "assert os.environ == before"
    )
    settings = {"OMP_DISPLAY_ENV": "verbose", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | settings, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    if "GOMP_SPINCOUNT" not in run.stderr:
        pytest.skip("the kernels are not built with the OpenMP of GCC")
    assert "GOMP_SPINCOUNT = '1000'" in run.stderr

"""Limits hold the process that takes them on; each is tried in a process of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_processor_time_ends_a_loop():
    code = "from cs231n.check.process.limits import limit_processor_time as limit\nlimit(1)\n"
    assert run(code + "while True: pass").returncode == -24


def test_zero_is_no_limit():
    code = """
import resource
from argparse import Namespace
from cs231n.check.process.limits import limit_processor_time, limit_resources
names = ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_CPU")
before = [resource.getrlimit(getattr(resource, name)) for name in names]
limit_resources(Namespace(memory_bytes=0, file_bytes=0, processes=0, open_files=0))
limit_processor_time(0)
assert before == [resource.getrlimit(getattr(resource, name)) for name in names]
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
"""
    assert run(code).returncode == 0


def test_a_limit_is_taken_on_for_good():
    code = """
import resource
from argparse import Namespace
from cs231n.check.process.limits import limit_resources
limit_resources(Namespace(memory_bytes=0, file_bytes=4096, processes=0, open_files=20))
assert resource.getrlimit(resource.RLIMIT_FSIZE) == (4096, 4096)
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (20, 20)
"""
    assert run(code).returncode == 0


def test_everything_else_is_ended_only_in_a_namespace_of_its_own():
    code = """
import subprocess, sys
from cs231n.check.process.limits import end_everything_else
with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
    end_everything_else()
    assert other.poll() is None
"""
    assert run(code).returncode == 0

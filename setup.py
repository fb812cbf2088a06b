"""Builds what pyproject.toml cannot describe: the Cython extensions, and where two packages lie.

A machine without a compiler still gets a working package: extensions are
optional, and ``cs231n`` falls back on NumPy and says so once.
"""

import runpy
from pathlib import Path

from setuptools import find_packages, setup

KIT = Path(__file__).parent.joinpath("autograder", "release", "templates", "kit")
ELSEWHERE = {"cs231n.datasets": "datasets", "autograder.assignments": "assignments"}

build = runpy.run_path(str(KIT / "build_fast_layers.py"))

setup(
    packages=[*find_packages(include=["cs231n*", "autograder*"]), *ELSEWHERE],
    package_dir=ELSEWHERE,
    ext_modules=build["extensions"](),
    cmdclass={"build_ext": build["BuildExtensions"]},
)

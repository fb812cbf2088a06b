"""Compiles the fast layers where there is a compiler; everything else stands in pyproject.toml."""

import runpy
from pathlib import Path

from setuptools import setup

build = runpy.run_path(str(Path(__file__).parent.joinpath("build_fast_layers.py")))

setup(
    ext_modules=build["extensions"](),
    cmdclass={"build_ext": build["BuildExtensions"]},
)

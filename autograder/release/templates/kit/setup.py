"""Installs the package in place and compiles its fast layers where there is a compiler."""

import runpy
from pathlib import Path

from setuptools import find_packages, setup

build = runpy.run_path(str(Path(__file__).parent.joinpath("build_fast_layers.py")))

setup(
    name="cs231n",
    version="1.0.0",
    description="Student kit in the line of CS231n",
    python_requires=">=3.11",
    packages=find_packages(include=["cs231n", "cs231n.*"]),
    package_data={"cs231n.check": ["public/*.npz"]},
    install_requires=["numpy>=1.26", "scipy>=1.11", "matplotlib>=3.8", "tqdm>=4.66"],
    entry_points={"console_scripts": ["cs231n = cs231n.__main__:main"]},
    ext_modules=build["extensions"](),
    cmdclass={"build_ext": build["BuildExtensions"]},
)

"""Build script: the package metadata and the optional Cython extensions.

A machine without a compiler still gets a working package: extensions are
optional, and ``cs231n`` falls back on NumPy and says so once.
"""

import runpy
from pathlib import Path

from setuptools import find_packages, setup

build = runpy.run_path(
    str(
        Path(__file__).parent.joinpath(
            "autograder", "release", "templates", "kit", "build_fast_layers.py"
        )
    )
)

setup(
    name="cs231n",
    version="1.0.0",
    description="Course package and autograder in the line of Stanford's CS231n",
    python_requires=">=3.11",
    packages=[
        *find_packages(include=["cs231n*", "autograder*"]),
        "cs231n.datasets",
        "autograder.assignments",
    ],
    package_dir={"cs231n.datasets": "datasets", "autograder.assignments": "assignments"},
    package_data={
        "cs231n.fast": ["*.pyx", "kernels/*.h"],
        "cs231n.check": ["public/*.npz"],
        "autograder.release": ["templates/**/*"],
        "autograder.feedback": ["templates/**/*"],
        "autograder.reference.mistakes": ["*.toml"],
        "autograder.assignments": ["course.toml", "*/*.ipynb"],
    },
    install_requires=[
        "numpy>=1.26",
        "scipy>=1.11",
        "matplotlib>=3.8",
        "tqdm>=4.66",
        "scikit-learn>=1.4",
        "requests>=2.31",
        "jupyter>=1.0",
        "nbgrader>=0.9.5",
        "latex2mathml>=3.77",
        "loky>=3.4",
        "PyYAML>=6.0",
        "pyseccomp>=0.1.2; sys_platform == 'linux'",
    ],
    extras_require={
        "test": ["pytest>=8", "pytest-xdist>=3.5", "hypothesis>=6.100"],
        "cluster": ["distributed>=2024.5", "importlib_metadata<9; python_version < '3.12'"],
        "postgresql": ["psycopg2-binary>=2.9"],
    },
    entry_points={
        "console_scripts": [
            "cs231n = cs231n.__main__:main",
            "autograder = autograder.__main__:main",
        ],
    },
    ext_modules=build["extensions"](),
    cmdclass={"build_ext": build["BuildExtensions"]},
)

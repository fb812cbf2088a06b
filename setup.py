"""Build script: the package metadata and the optional Cython extensions.

A machine without a compiler still gets a working package: extensions are
optional, and ``cs231n`` falls back on NumPy and says so once.
"""

import numpy as np
from setuptools import Extension, setup

try:
    from Cython.Build import cythonize
except ImportError:
    cythonize = None


def extensions():
    if cythonize is None:
        return []
    modules = [
        Extension(
            "cs231n._im2col",
            ["cs231n/_im2col.pyx"],
            include_dirs=[np.get_include()],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
            optional=True,
        ),
    ]
    return cythonize(modules, language_level=3)


setup(
    name="cs231n",
    version="1.0.0",
    description="Course package and autograder in the line of Stanford's CS231n",
    python_requires=">=3.11",
    packages=[
        "cs231n",
        "cs231n.check",
        "cs231n.check.exercises",
        "cs231n.classifiers",
        "cs231n.commands",
        "cs231n.datasets",
        "cs231n.layers",
        "autograder",
        "autograder.commands",
        "autograder.mistakes",
    ],
    package_dir={"cs231n.datasets": "datasets"},
    package_data={"cs231n": ["*.pyx", "*.pxd"], "cs231n.check": ["public/*.npz"], "autograder.mistakes": ["*.toml"]},
    install_requires=[
        "numpy>=1.26",
        "scipy>=1.11",
        "matplotlib>=3.8",
        "tqdm>=4.66",
        "scikit-learn>=1.4",
        "requests>=2.31",
        "jupyter>=1.0",
        "nbgrader>=0.9.5",
    ],
    extras_require={"test": ["pytest>=8", "pytest-xdist>=3.5", "hypothesis>=6.100"]},
    entry_points={
        "console_scripts": [
            "cs231n = cs231n.__main__:main",
            "autograder = autograder.__main__:main",
        ],
    },
    ext_modules=extensions(),
)

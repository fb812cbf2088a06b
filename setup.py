"""Build script: the package metadata and the optional Cython extensions.

A machine without a compiler still gets a working package: extensions are
optional, and ``cs231n`` falls back on NumPy and says so once.
"""

import os
import tempfile
from glob import glob

import numpy as np
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError

try:
    from Cython.Build import cythonize
except ImportError:
    cythonize = None

OPENMP_TEST = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"


class BuildExtensions(build_ext):
    """Optimize, and use OpenMP where a small program with it compiles and links.

    No -march=native: the kernels choose their instruction set when they run.
    """

    def build_extensions(self):
        if self.compiler.compiler_type != "msvc":
            openmp = self.first_that_links((["-fopenmp"], []))
            for extension in self.extensions:
                extension.extra_compile_args += ["-O3"] + openmp
                extension.extra_link_args += openmp
        super().build_extensions()

    def first_that_links(self, choices):
        for flags in choices:
            with tempfile.TemporaryDirectory() as folder:
                source = os.path.join(folder, "openmp.c")
                with open(source, "w") as f:
                    f.write(OPENMP_TEST)
                try:
                    objects = self.compiler.compile([source], output_dir=folder, extra_postargs=flags)
                    self.compiler.link_executable(objects, "openmp", output_dir=folder, extra_postargs=flags)
                    return flags
                except CCompilerError:
                    continue
        return []


def extensions():
    if cythonize is None:
        return []
    modules = [
        Extension(
            f"cs231n.{name}",
            [f"cs231n/{name}.pyx"],
            depends=depends,
            include_dirs=["cs231n", np.get_include()],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
        )
        for name, depends in (("_im2col", []), ("_kernels", sorted(glob("cs231n/kernels/*.h"))))
    ]
    built = cythonize(modules, language_level=3)
    for extension in built:
        extension.optional = True  # cythonize drops it
    return built


setup(
    name="cs231n",
    version="1.0.0",
    description="Course package and autograder in the line of Stanford's CS231n",
    python_requires=">=3.11",
    packages=[*find_packages(include=["cs231n*", "autograder*"]), "cs231n.datasets"],
    package_dir={"cs231n.datasets": "datasets"},
    package_data={
        "cs231n": ["*.pyx", "kernels/*.h"],
        "cs231n.check": ["public/*.npz"],
        "autograder": ["kit/*", "templates/**/*"],
        "autograder.mistakes": ["*.toml"],
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
        "PyYAML>=6.0",
        "pyseccomp>=0.1.2; sys_platform == 'linux'",
    ],
    extras_require={
        "test": ["pytest>=8", "pytest-xdist>=3.5", "hypothesis>=6.100"],
        "cluster": ["distributed>=2024.5"],
    },
    entry_points={
        "console_scripts": [
            "cs231n = cs231n.__main__:main",
            "autograder = autograder.__main__:main",
        ],
    },
    ext_modules=extensions(),
    cmdclass={"build_ext": BuildExtensions},
)

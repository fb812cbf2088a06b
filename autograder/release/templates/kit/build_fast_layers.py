"""Compiles the fast layers where there is a compiler; without one NumPy does their work. Run by ``setup.py``."""

import os
import tempfile
from glob import glob

import numpy as np
from setuptools import Extension
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
                    objects = self.compiler.compile(
                        [source], output_dir=folder, extra_postargs=flags
                    )
                    self.compiler.link_executable(
                        objects, "openmp", output_dir=folder, extra_postargs=flags
                    )
                    return flags
                except CCompilerError:
                    continue
        return []


def extensions():
    """list of Extension : the kernels, each optional; none without Cython."""
    if cythonize is None:
        return []
    modules = [
        Extension(
            f"cs231n.fast.{name}",
            [f"cs231n/fast/{name}.pyx"],
            depends=depends,
            include_dirs=["cs231n/fast", np.get_include()],
            define_macros=[
                ("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"),
                ("NPY_TARGET_VERSION", "NPY_1_22_API_VERSION"),
            ],
        )
        for name, depends in (
            ("_im2col", []),
            ("_kernels", sorted(glob("cs231n/fast/kernels/*.h"))),
        )
    ]
    built = cythonize(modules, language_level=3)
    for extension in built:
        extension.optional = True  # cythonize drops it
    return built

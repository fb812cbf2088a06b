"""Compiles the fast layers where there is a compiler; without one NumPy does their work.

Run by ``setup.py``.
"""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
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
                extension.extra_compile_args += ["-O3", *openmp]
                extension.extra_link_args += openmp
            compile_side_by_side(self.compiler)
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


def compile_side_by_side(compiler):
    """Let a compiler work on as many sources at a time as there are processors."""
    compile_one_by_one = compiler.compile

    def compile_sources(sources, **options):
        def compile_one(source):
            (compiled,) = compile_one_by_one([source], **options)
            return compiled

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(compile_one, sources))

    compiler.compile = compile_sources


def extensions():
    """list of Extension : the kernels, each optional; none without Cython."""
    if cythonize is None:
        return []
    kernels = sorted(glob("cs231n/fast/kernels/*.c"))
    headers = sorted(glob("cs231n/fast/kernels/*.h"))
    built = cythonize(
        [
            extension("_im2col", ["cs231n/fast/_im2col.pyx"], []),
            extension("_kernels", ["cs231n/fast/_kernels.pyx", *kernels], headers),
        ],
        language_level=3,
    )
    for module in built:
        module.optional = True  # cythonize drops it
    return built


def extension(name, sources, depends):
    """Extension : a module of the package ``cs231n.fast``."""
    return Extension(
        f"cs231n.fast.{name}",
        sources,
        depends=depends,
        include_dirs=["cs231n/fast", np.get_include()],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"),
            ("NPY_TARGET_VERSION", "NPY_1_22_API_VERSION"),
        ],
    )

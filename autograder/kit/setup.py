"""Installs the package in place and compiles its fast layers where there is a compiler."""

from glob import glob

from setuptools import Extension, find_packages, setup

try:
    import numpy as np
    from Cython.Build import cythonize
except ImportError:
    cythonize = None


def extensions():
    if cythonize is None:
        return []
    modules = [
        Extension(
            path.removesuffix(".pyx").replace("\\", "/").replace("/", "."),
            [path],
            include_dirs=[np.get_include()],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
            optional=True,
        )
        for path in sorted(glob("cs231n/*.pyx"))
    ]
    return cythonize(modules, language_level=3)


setup(
    name="cs231n",
    version="1.0.0",
    description="@TITLE@",
    python_requires=">=3.11",
    packages=find_packages(include=["cs231n", "cs231n.*"]),
    package_data={"cs231n.check": ["public/*.npz"]},
    install_requires=["numpy>=1.26", "scipy>=1.11", "matplotlib>=3.8", "tqdm>=4.66"],
    entry_points={"console_scripts": ["cs231n = cs231n.__main__:main"]},
    ext_modules=extensions(),
)

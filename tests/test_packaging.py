"""What others install: one version, one list of dependencies, a wheel that needs no compiler."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cs231n
from benchmarks.readability import tracked_files

ROOT = Path(__file__).parents[1]
KIT = ROOT / "autograder" / "release" / "templates" / "kit"
PAPERS = ("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md")
OWN = {"cs231n", "autograder", "datasets", "benchmarks"}
BUILDS_A_KIT = {"setuptools", "Cython"}
DISTRIBUTIONS = {"IPython": "ipython", "PIL": "pillow", "sklearn": "scikit-learn", "yaml": "PyYAML"}


def project(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements):
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def distributions_imported(package):
    found = set()
    for name in tracked_files(package):
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module)
    modules = {name.partition(".")[0] for name in found}
    modules -= OWN | BUILDS_A_KIT | set(sys.stdlib_module_names)
    return {canonicalize_name(DISTRIBUTIONS.get(module, module)) for module in modules}


def pins():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in pinned}


def test_the_version_stands_in_one_place():
    assert re.fullmatch(r"\d+\.\d+\.\d+", cs231n.__version__)
    for folder in (ROOT, KIT):
        assert "version" in project(folder)["dynamic"]
        assert "version=" not in (folder / "setup.py").read_text(encoding="utf-8")
    for paper in ("CITATION.cff", "pyproject.toml"):
        assert cs231n.__version__ not in (ROOT / paper).read_text(encoding="utf-8")


def test_a_kit_asks_for_a_part_of_the_one_list_of_dependencies():
    kit = project(KIT)
    asked = [*kit["dependencies"], *kit["optional-dependencies"]["notebooks"]]
    assert set(asked) <= set(project(ROOT)["dependencies"])
    assert names(asked) >= distributions_imported("cs231n") | distributions_imported("datasets")


def test_what_the_pipeline_imports_is_in_the_list():
    facts = project(ROOT)
    listed = names([*facts["dependencies"], *facts["optional-dependencies"]["cluster"]])
    assert distributions_imported("autograder") <= listed


@pytest.mark.parametrize("extra", [None, "test", "dev"])
def test_the_pinned_versions_are_those_that_the_list_allows(extra):
    facts = project(ROOT)
    listed = facts["optional-dependencies"][extra] if extra else facts["dependencies"]
    pinned = pins()
    for text in listed:
        wanted = Requirement(text)
        pin = pinned[canonicalize_name(wanted.name)]
        version = str(pin.specifier).removeprefix("==")
        assert wanted.specifier.contains(version), f"{text} but {pin}: run make requirements"
        assert wanted.marker == pin.marker


def test_the_pinned_requirements_name_no_machine_and_no_registry():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "make requirements" in text and "/" not in text
    assert not re.search(r"^-", text, re.MULTILINE)


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The folder with an sdist of what Git tracks, and the wheel that is built from the sdist."""
    source = tmp_path_factory.mktemp("source")
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("needs a working copy of the repository, to know which files belong to it")
    for name in done.stdout.splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def bare(dist, tmp_path_factory):
    """An environment with the wheel, and a function that runs its programs where no compiler is.

    The libraries come from the environment of the tests, without its own copy of the course.
    """
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    programs = folder / "venv" / "bin"
    alembic = Path(sysconfig.get_path("scripts"), "alembic")
    (programs / "alembic").symlink_to(alembic)  # nbgrader starts it by name
    environment = {
        "PATH": f"{programs}",
        "HOME": f"{folder}",
        "CC": "/bin/false",
        "OPENBLAS_NUM_THREADS": "1",
    }

    def run(*command):
        return subprocess.run(
            [programs / command[0], *command[1:]],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )

    pip = [sys.executable, "-m", "pip", "--python", programs / "python", "install", "--no-index"]
    (wheel,) = dist.glob("*.whl")
    done = subprocess.run(
        [*pip, "--no-deps", wheel], env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    site = run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    libraries = sysconfig.get_path("purelib")
    Path(site.stdout.strip(), "libraries.pth").write_text(f"{libraries}\n")
    return folder, run


@pytest.mark.slow
def test_a_source_distribution_holds_all_that_is_built_from(dist):
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        held = {name.partition("/")[2] for name in file.getnames()}
    listing = ["git", "ls-files", "assignments", "autograder", "cs231n", "datasets", *PAPERS]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]
    assert set(tracked) <= held
    built = [name for name in held if re.search(r"\.(so|pyd|pyc)$|fast/_\w+\.c$", name)]
    assert built == []


@pytest.mark.slow
def test_a_wheel_holds_the_packages_the_kernels_and_the_license(dist):
    (wheel,) = dist.glob("*.whl")
    held = zipfile.ZipFile(wheel).namelist()
    assert (
        len([name for name in held if re.search(r"fast/_(im2col|kernels)\..*(so|pyd)$", name)]) == 2
    )
    assert any(name.endswith("licenses/LICENSE") for name in held)
    tops = {name.partition("/")[0] for name in held}
    assert tops == {"autograder", "cs231n", f"cs231n-{cs231n.__version__}.dist-info"}


@pytest.mark.slow
def test_a_wheel_runs_compiled_kernels_where_no_compiler_is(bare):
    folder, run = bare
    script = "import cs231n, cs231n.fast_layers as f; print(cs231n.__file__, f.backend())"
    done = run("python", "-c", script)
    assert done.stderr == ""
    assert done.stdout.startswith(f"{folder}") and "compiled kernels" in done.stdout


@pytest.mark.slow
def test_an_installed_pipeline_finds_its_assignments_and_makes_a_kit(bare):
    folder, run = bare
    assert "usage: autograder" in run("autograder", "--help").stdout
    done = run("autograder", "init", "--course", "course")
    assert (done.returncode, done.stderr) == (0, "")
    assert "assignment1, assignment2, assignment3" in done.stdout
    done = run("autograder", "release", "assignment2", "--course", "course")
    assert done.returncode == 0, done.stderr
    kernels = list((folder / "course" / "release").glob("assignment2/cs231n/fast/kernels/*.h"))
    assert kernels and (folder / "course" / "kits" / "assignment2.zip").is_file()


@pytest.mark.slow
def test_an_installed_course_starts_a_copy_for_studies(bare):
    folder, run = bare
    done = run("cs231n", "start", "assignment1", "--to", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "mine" / "kit.json").is_file()
    done = run("cs231n", "doctor")
    assert done.returncode == 0 and "compiled kernels" in done.stdout

"""Where a submission runs: it sees an interpreter, NumPy, SciPy and one copy of the kit, and nothing else.

Each tier is a class with the same three things: ``tier``, its name in verdicts; ``command``, what starts a worker
in it; and ``enclose``, what runs any other program in it. `find_sandbox` takes the strongest that works here.
"""

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import weakref
from importlib.util import find_spec
from pathlib import Path

from cs231n.check.client import python_command

from . import confine
from .errors import UserError
from .syscalls import NoFilter, question_filter, sandbox_filter

NOTEBOOKS = "/notebooks"
KIT, PACKAGES, PYTHON, HOME = "/kit", "/packages", "/python", "/home/student"
QUESTION_FILTER = "/question.filter"
FILTER_DESCRIPTOR = 9
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
NOBODY = 65534
PRELOADED = ("scipy.special", "encodings.cp437")
"""tuple of str : modules that take long to load, and that some submissions load."""
ENVIRONMENT = {
    "HOME": HOME, "TMPDIR": "/tmp", "PATH": "/usr/bin", "LD_LIBRARY_PATH": f"{PYTHON}/lib",
    "LANG": "C.UTF-8", "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}
HOW_TO_GET_ONE = (
    "on Debian or Ubuntu install bubblewrap (`sudo apt install bubblewrap`); `autograder doctor` says what is "
    "missing; to grade without protection, pass --allow-unisolated"
)


def find_sandbox(allow_unisolated=False):
    """Find the strongest sandbox that this machine gives.

    Parameters
    ----------
    allow_unisolated : bool
        Whether a process with limits alone will do, where there is no sandbox.

    Returns
    -------
    sandbox : Bubblewrap, Landlock or Unisolated

    Raises
    ------
    UserError
        If there is no sandbox, and doing without was not allowed.
    """
    reasons = []
    for tier in TIERS:
        try:
            return tier.find()
        except Unavailable as reason:
            reasons.append(f"{tier.tier}: {reason}")
    if allow_unisolated:
        return Unisolated()
    raise UserError(f"no sandbox on this machine ({'; '.join(reasons)}); {HOW_TO_GET_ONE}")


class Unavailable(Exception):
    """This tier does not work on this machine; the text says why."""


class Bubblewrap:
    """Namespaces of its own for files, processes, network, users and messages, made by bubblewrap.

    The root user of the machine first becomes nobody: a user namespace alone would leave root's files its own,
    and the kernel counts no processes of root. That takes two rounds of bubblewrap, because nobody may not read
    what lies in root's home, such as an interpreter: the first lays out the files, the second locks the door.
    """

    tier = "bubblewrap"

    def __init__(self, bwrap, become_nobody=False):
        self.bwrap, self.become_nobody = bwrap, become_nobody
        self.python, interpreter, self._masks = _interpreter()
        self._files = _libraries() | interpreter | _packages()
        self._filters, self.unfiltered = None, "filters were not asked for"
        self._help = subprocess.run([bwrap, "--help"], capture_output=True, text=True).stdout

    @classmethod
    def find(cls):
        """Return a sandbox in which Python has started, or raise `Unavailable`."""
        bwrap = shutil.which("bwrap")
        if sys.platform != "linux":
            raise Unavailable(f"not made for {sys.platform}")
        if bwrap is None:
            raise Unavailable("bwrap is not installed")
        sandbox = cls(bwrap, become_nobody=os.geteuid() == 0 and _has_nobody())
        try:
            sandbox.add_filters()
        except NoFilter as reason:
            sandbox.unfiltered = str(reason)
        _check_alive(sandbox)
        return sandbox

    def add_filters(self):
        """Refuse system calls as well; raises `NoFilter` where they cannot be compiled."""
        self._filters = FilterFiles()
        self._files[QUESTION_FILTER] = self._filters.question
        self.tier, self.unfiltered = f"{Bubblewrap.tier} + seccomp", ""

    @property
    def reusable(self):
        """bool : whether one worker may serve submission after submission.

        It may where the process of a question can start no other, signal none, and leave no message behind, all of
        which the filter sees to, and where a worker ends as soon as a question has written a file.
        """
        return self._filters is not None

    def command(self, tree, limits, without=()):
        """Say what to start for a worker on a submission.

        Parameters
        ----------
        tree : path
            Folder with the rebased ``cs231n``, which nobody else writes to. Where root grades, its files are
            made readable to all, since the worker is not root.
        limits : Limits
        without : sequence of str
            Libraries that it does not hold: calling them would be the whole answer.

        Returns
        -------
        command : list of str
            For `cs231n.check.client.Worker`. The worker dies with the thread that starts it.
        """
        own = [f"--processes={limits.processes}", f"--open-files={limits.open_files}", "--alone", f"--scratch={HOME}"]
        own += [f"--filter={QUESTION_FILTER}"] if self._filters else []
        preloaded = [module for module in PRELOADED if module.partition(".")[0] not in without]
        own += [f"--preload={module}" for module in preloaded] if self.reusable else []
        arguments = python_command(KIT, [PACKAGES], self.python, [*worker_options(limits), *own])
        return self.enclose(arguments, tree, limits.disk_mb, without=without)

    def notebook_command(self, tree, limits):
        """list of str : what to start for a worker that runs notebooks, see `autograder.notebook_worker`."""
        own = [f"--processes={limits.processes}", f"--open-files={limits.open_files}", "--alone", f"--scratch={HOME}", "--wipe"]
        own += [f"--filter={QUESTION_FILTER}"] if self._filters else []
        program = f"import sys; sys.path[:0] = ['{KIT}', '{PACKAGES}', '{NOTEBOOKS}']; from notebook_worker import main; main()"
        arguments = [self.python, "-s", "-P", "-S", "-B", "-c", program, *worker_options(limits, limits.notebook_cpu_seconds), *own]
        files = _notebook_packages() | {f"{NOTEBOOKS}/notebook_worker.py": str(Path(__file__).with_name("notebook_worker.py"))}
        return self.enclose(arguments, tree, limits.disk_mb, files)

    def enclose(self, arguments, tree=None, disk_mb=64, more=None, without=()):
        """Say what to start for some other program.

        Parameters
        ----------
        arguments : sequence of str
        tree : path, optional
            Appears in the sandbox as ``/kit``, read-only.
        disk_mb : float
            How much it may write to its home folder, which is also ``/tmp``.
        more : dict of str -> str, optional
            Other files that it sees, as path inside -> path outside.
        without : sequence of str
            Libraries that it does not see.
        """
        files = {path: outside for path, outside in self._files.items() if not _belongs_to(path, without)} | (more or {})
        if tree is not None:
            files[KIT] = str(tree)
        locked = self._lock(files if not self.become_nobody else {path: path for path in files}, disk_mb)
        if self.become_nobody:
            if tree is not None:
                _make_readable(Path(tree))
            locked = [*self._lay_out(files), *locked]
        choom = shutil.which("choom")
        first_to_go = [choom, "-n", "1000", "--"] if choom else []
        return [*self._with_filter(), *first_to_go, *locked, "--", *map(str, arguments)]

    def knows(self, option):
        """bool : whether this bubblewrap has an option; old ones cannot forbid user namespaces, nor size a tmpfs.

        A tmpfs without a size is not mounted at all; the submission then cannot write anywhere.
        """
        return f"{option} " in self._help

    def _with_filter(self):
        """A shell opens the filter where bubblewrap reads it, since a command has no descriptors of its own."""
        if self._filters is None:
            return []
        return ["/bin/sh", "-c", f'exec "$@" {FILTER_DESCRIPTOR}<"$0"', self._filters.sandbox]

    def _lay_out(self, files):
        setpriv = shutil.which("setpriv") or "setpriv"
        tools = {path: path for path in (self.bwrap, setpriv)}
        parents = sorted({str(parent) for path in files | tools for parent in Path(path).parents} - {"/"})
        folders = [word for path in (*parents, "/tmp") for word in ("--perms", "0755", "--dir", path)]
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        capabilities = [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
        return [
            self.bwrap, "--die-with-parent", *folders, *_binds(files | tools),
            "--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev",
            "--cap-drop", "ALL", *capabilities,
            "--", setpriv, *ids, "--inh-caps=-all", "--bounding-set=-all", "--",
        ]

    def _lock(self, files, disk_mb):
        size = ["--size", str(int(disk_mb * 2**20)), "--tmpfs", HOME] if self.knows("--size") else ["--dir", HOME]
        masks = [word for path in self._masks for word in ("--tmpfs", path, "--remount-ro", path)]
        devices = [word for path in DEVICES for word in ("--dev-bind", path, path)]
        environment = [word for pair in ENVIRONMENT.items() for word in ("--setenv", *pair)]
        nested = ["--disable-userns"] if self.knows("--disable-userns") else []
        filtered = ["--seccomp", str(FILTER_DESCRIPTOR)] if self._filters else []
        return [
            self.bwrap, "--unshare-all", "--unshare-user", *nested, "--uid", "1000", "--gid", "1000",
            "--hostname", "sandbox", "--cap-drop", "ALL", "--die-with-parent", "--new-session", *filtered,
            "--clearenv", *environment,
            *_binds(files), *masks, *devices, *size, "--symlink", HOME, "/tmp", "--remount-ro", "/", "--chdir", HOME,
        ]


class Unisolated:
    """No sandbox: an ordinary process with limits. For one's own code, or for want of anything better."""

    tier, reusable = "unisolated", False
    python = sys.executable

    def command(self, tree, limits, without=()):
        """list of str : what to start for a worker on the submission in ``tree``; no library is out of its reach."""
        packages = [p for p in sys.path if p and Path(p).name in ("site-packages", "dist-packages")]
        return python_command(tree, packages, self.python, worker_options(limits))

    def enclose(self, arguments, tree=None):
        """list of str : the program itself."""
        return [str(argument) for argument in arguments]


class Landlock:
    """No namespaces, for want of the right to make any: rules on files, a filter of system calls, and limits.

    A submission may read the interpreter, NumPy, SciPy and its kit, and can write nothing at all. It has no sockets,
    starts nothing and signals nobody. It can still ask whether a path exists and how large it is.

    Root becomes nobody where nobody may read the interpreter, and otherwise at least loses every capability.
    """

    tier, reusable = "Landlock + seccomp", False

    def __init__(self, user=None):
        self.user, self.python = user, _real_executable()
        self._filters = FilterFiles(alone=False)

    @classmethod
    def find(cls):
        """Return a sandbox in which Python has started, or raise `Unavailable`."""
        if sys.platform != "linux":
            raise Unavailable(f"not made for {sys.platform}")
        if not confine.version():
            raise Unavailable("this kernel has no Landlock, or it is switched off (see lsm= of its command line)")
        users = (NOBODY, None) if os.geteuid() == 0 and _has_nobody() else (None,)
        for user in users:
            try:
                sandbox = cls(user)
                _check_alive(sandbox)
                return sandbox
            except NoFilter as missing:
                raise Unavailable(f"it needs the filter: {missing}") from None
            except Unavailable as problem:
                reason = problem
        raise reason

    def command(self, tree, limits, without=()):
        """list of str : what to start for a worker on the submission in ``tree``, which cannot read some libraries."""
        own = [f"--open-files={limits.open_files}", f"--filter={self._filters.question}"]
        arguments = python_command(tree, _package_parents(), self.python, [*worker_options(limits), *own])
        return self.enclose(arguments, tree, without)

    def enclose(self, arguments, tree=None, without=()):
        """list of str : what to start for some other program, which may read a ``tree`` where it lies."""
        if tree is not None and self.user is not None:
            _make_readable(Path(tree))
        readable = [path for path in self._readable() if not _belongs_to(path, without)]
        readable += [self._filters.question, *([str(tree)] if tree is not None else [])]
        environment = ENVIRONMENT | {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
        options = [f"--read={path}" for path in readable] + [f"--write={path}" for path in DEVICES]
        # An interpreter finds its modules by listing their folder; the names in it are no secret.
        listed = {os.path.realpath(sysconfig.get_path("stdlib")), *_package_parents()}
        options += [f"--list={path}" for path in sorted(listed)]
        options += [f"--setenv={name}={value}" for name, value in environment.items()]
        options += [f"--user={self.user}"] if self.user is not None else []
        launcher = [self.python, "-I", "-S", "-B", confine.__file__, f"--filter={self._filters.sandbox}", *options]
        return [*launcher, "--", *map(str, arguments)]

    def _readable(self):
        """Folders and files to read: packages of other programs, among them perhaps this one, stay closed."""
        library = Path(os.path.realpath(sysconfig.get_path("stdlib")))
        closed = [*library.glob("*-packages"), *Path("/usr/lib").glob("python3*/*-packages")]
        folders = {os.path.realpath(path) for path in _libraries()}
        paths = [part for folder in sorted({*folders, str(library)}) for part in _without(Path(folder), closed)]
        shared = [path for path in library.parent.glob("*.so*") if path.is_file()]
        return [*map(str, (*paths, *shared)), self.python, *_package_folders()]


class FilterFiles:
    """The compiled filters, in files that last as long as this object."""

    def __init__(self, alone=True):
        folder = tempfile.mkdtemp(prefix="cs231n-filters-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.sandbox, self.question = (os.path.join(folder, name) for name in ("sandbox", "question"))
        for path, program in ((self.sandbox, sandbox_filter(alone)), (self.question, question_filter(threads=alone))):
            Path(path).write_bytes(program)
        os.chmod(folder, 0o755)


TIERS = (Bubblewrap, Landlock)


def worker_options(limits, cpu_seconds=None):
    """list of str : the limits of the course, as arguments of ``cs231n.check.worker``."""
    return [
        f"--answer-bytes={int(limits.answer_mb * 2**20)}",
        f"--memory-bytes={int(limits.memory_mb * 2**20)}",
        f"--cpu-seconds={max(1, int(cpu_seconds or limits.cpu_seconds))}",
        f"--file-bytes={int(limits.file_mb * 2**20)}",
    ]


def _check_alive(sandbox):
    """Raise `Unavailable` where no Python starts in a sandbox."""
    command = sandbox.enclose([sandbox.python, "-s", "-P", "-S", "-B", "-c", "print('alive')"])
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)) from None
    if run.stdout != "alive\n":
        raise Unavailable((run.stderr.strip() or f"exit code {run.returncode}").splitlines()[-1][:200])


def _without(folder, closed):
    """The folder, or its parts where something below it stays closed."""
    if folder in closed:
        return []
    if not any(path.is_relative_to(folder) for path in closed):
        return [folder]
    return [part for child in folder.iterdir() if not child.is_symlink() for part in _without(child, closed)]


def _real_executable():
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def _has_nobody():
    """Whether there is a user nobody to become: in a container without one, root is some ordinary user outside."""
    ranges = [map(int, line.split()) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(first <= NOBODY < first + count for first, _, count in ranges)


def _libraries():
    """Shared libraries and their loader, as path inside -> path outside."""
    paths = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")
    return {path: path for path in paths if os.path.exists(path)}


def _interpreter():
    """The real interpreter, since a virtual environment is only a link to it.

    Returns
    -------
    executable : str
        Its path inside.
    files : dict of str -> str
        Path inside -> path outside. One that is not part of the system appears as ``/python``.
    masks : list of str
        Folders inside with packages that it must not show.
    """
    executable = _real_executable()
    library = Path(os.path.realpath(sysconfig.get_path("stdlib")))
    masks = list(Path("/usr/lib").glob("python3*/*-packages"))
    if library.parent in (Path("/usr/lib"), Path("/usr/lib64")):
        return executable, {executable: executable}, sorted(map(str, {*masks, *library.glob("*-packages")}))
    inside = f"{PYTHON}/bin/{Path(executable).name}"
    folder = f"{PYTHON}/{library.parent.name}"
    files = {inside: executable, f"{folder}/{library.name}": str(library)}
    shared = [path for path in library.parent.glob("*.so*") if path.is_file()]
    files |= {f"{folder}/{path.name}": os.path.realpath(path) for path in shared}
    masks += [Path(folder, library.name, path.name) for path in library.glob("*-packages")]
    return inside, files, sorted(map(str, masks))


def _packages():
    """NumPy and SciPy with the libraries that come beside them, as path inside -> path outside."""
    return {f"{PACKAGES}/{Path(folder).name}": os.path.realpath(folder) for folder in _package_folders()}


def _package_folders():
    folders = []
    for package in ("numpy", "scipy"):
        folder = Path(find_spec(package).submodule_search_locations[0])
        folders += [str(part) for part in (folder, folder.with_name(f"{package}.libs")) if part.is_dir()]
    return folders


def _belongs_to(path, libraries):
    """Whether a path is the folder of one of these libraries, or of what comes beside it, such as ``scipy.libs``."""
    return Path(path).name.partition(".")[0] in libraries


def _package_parents():
    return sorted({str(Path(folder).parent) for folder in _package_folders()})


def _spec(name):
    try:
        return find_spec(name)
    except ValueError:  # a module without one, made by an extension
        return None


@functools.cache
def _notebook_packages():
    """What a notebook imports beyond NumPy and SciPy, as path inside -> path outside; never the packages of the course."""
    program = (
        "import sys, IPython.core.interactiveshell, matplotlib_inline.backend_inline, matplotlib.pyplot, contourpy, mpl_toolkits, PIL.Image, "
        "sklearn.datasets, sklearn.cluster, tqdm.auto, requests; from matplotlib.backends import backend_agg; "
        "print(*{n.split('.')[0] for n, m in sys.modules.items() if getattr(m, '__spec__', None)}, sep='\\n')"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ | {"MPLBACKEND": "agg"})
    files = {}
    known = set(run.stdout.split()) - set(sys.stdlib_module_names)
    for name in sorted(known - {"cs231n", "autograder", "numpy", "scipy"}):
        spec = _spec(name)
        places = [*(spec.submodule_search_locations or ()), spec.origin or ""] if spec is not None else [""]
        path = Path(places[0])
        if path.parent == Path(sysconfig.get_path("purelib")):
            files[f"{PACKAGES}/{path.name}"] = os.path.realpath(path)
    for pattern in ("*.libs", "matplotlib_inline-*.dist-info"):  # the latter names the backend that %matplotlib finds
        files |= {f"{PACKAGES}/{path.name}": os.path.realpath(path) for path in Path(sysconfig.get_path("purelib")).glob(pattern)}
    return files


def _binds(files):
    """Read-only mounts; a link such as /lib -> usr/lib stays one."""
    words = []
    for inside, outside in files.items():
        link = inside in ("/lib", "/lib64") and os.path.islink(inside)
        words += ["--symlink", os.readlink(inside), inside] if link else ["--ro-bind", outside, inside]
    return words


def _make_readable(tree):
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))

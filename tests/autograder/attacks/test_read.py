"""Submissions that shout what they find in the message of a public case: nothing may arrive."""

import os
import textwrap

import pytest
from attacked_class import AFFINE, COURSE, Attack, AttackedClass, forward, source

SEARCH = """
    def tell(*found):
        raise AssertionError("FOUND " + " ".join(map(str, found)))
    def read(path):
        try:
            with open(path, errors="replace") as file:
                return file.read(500)
        except OSError as error:
            return type(error).__name__
"""


def search(body, says="", keeps=("affine_backward", "relu_forward", "TwoLayerNet")):
    """Attack : an `affine_forward` that has `tell` and `read`."""
    lines = ["", *_lines(body)]
    return forward(SEARCH + "\n    ".join(lines), says=says, keeps=keeps)


def smuggle(keep, fetch):
    """Attack : one exercise keeps something of its hidden cases, the next shouts it in public."""

    def wrapped(code):
        return textwrap.indent(textwrap.dedent(code).strip("\n"), " " * 8)

    text = (
        source(AFFINE)
        + f"""
import ctypes, os, socket, sys
import numpy as np


def _is_hidden():
    frame = sys._getframe()
    while "case" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["case"].name.startswith("hidden")


def affine_forward(x, w, b):
    if _is_hidden():
{wrapped(keep)}
    return np.zeros((len(x), w.shape[1])), None


def affine_backward(dout, cache):
    if not _is_hidden():
{wrapped(fetch)}
    return 0, 0, 0
"""
    )
    return Attack({AFFINE: text}, ("affine_forward", "affine_backward"))


def _lines(body):
    return textwrap.dedent(body).strip("\n").splitlines()


SECRETS = (
    "seed secret gradebook.db course.toml verdicts submitted autograder .git reference".split()
)
SEARCHES = {
    "reads the seed": search(
        f"tell(read('{COURSE}/secret_seed'), read('../secret_seed'))", says="FOUND"
    ),
    "reads the gradebook": search(f"tell(read('{COURSE}/gradebook.db'))", says="FOUND"),
    "reads other hand-ins": search(
        f"""
            found = [os.path.join(d, n) for d, _, ns in os.walk('{COURSE}') for n in ns]
            tell(*map(read, found))
            """,
        says="FOUND",
    ),
    "reads verdicts": search(f"tell(os.listdir('{COURSE}/verdicts/small'))"),
    "looks for names": search(
        f"""
            found = [os.path.join(d, n) for d, ds, ns in os.walk('/') for n in ds + ns]
            found = [path for path in found if os.path.basename(path) in {SECRETS}]
            tell([read(path) for path in found if not path.startswith('/proc')])
            """,
        keeps=(),
    ),
    "imports the reference": search(
        """
            found = []
            for name in (
                "autograder", "autograder.grading.judge", "nbgrader", "sqlalchemy",
                "autograder.reference.process",
            ):
                try:
                    found.append(__import__(name).__file__)
                except ImportError:
                    pass
            assert not found, "What the model answer says"
            """,
        keeps=(),
    ),
    "imports byte-code of the reference": search(
        """
            found = [(d, n) for d, _, ns in os.walk('/') for n in ns if n.endswith('.pyc')]
            # What is asked about the exercise is no secret.
            found = [d for d, n in found if 'affine' in n and 'exercises' not in d]
            assert not found, "What the model answer says"
            """,
        keeps=(),
    ),
    "looks for packages of the staff": search(
        """
            import importlib.metadata
            names = {d.metadata["Name"] for d in importlib.metadata.distributions()}
            assert not names & {"cs231n", "nbgrader", "autograder"}, "What the model answer says"
            """,
        keeps=(),
    ),
    "reads .git": search(
        f"tell(read('{os.getcwd()}/.git/HEAD'), read('{os.getcwd()}/cs231n/layers/affine.py'))",
        says="FileNotFoundError",
    ),
    "walks up the stack": search("""
            frame, found = sys._getframe(), []
            wanted = ("expected", "seed", "secret", "points", "labels")
            while frame:
                held = frame.f_locals
                found += [repr(held[name])[:60] for name in wanted if name in held]
                frame = frame.f_back
            assert not found, "What the model answer says"
            """),
    "asks the garbage collector": search("""
            names = {type(o).__name__ for o in gc.get_objects()}
            staff = {"ExpectedResults", "Judge", "Verdict", "Gradebook", "Course", "Assignment"}
            found = names & staff
            found |= {o for o in gc.get_objects() if isinstance(o, str) and "BEGIN SOLUTION" in o}
            assert not found, "What the model answer says"
            """),
    "reads /proc": search("""
            found = set()
            for pid in ("self", 1, 2, os.getppid()):
                found |= {read(f"/proc/{pid}/{what}") for what in ("environ", "maps", "cmdline")}
            refused = {"FileNotFoundError", "PermissionError"}
            assert found <= refused, "What the model answer says"
            """),
    "traces its parent": search("""
            libc = ctypes.CDLL(None, use_errno=True)
            for request in (16, 0x4206, 0):
                done = libc.ptrace(request, os.getppid(), None, None)
                assert done == -1, "What the model answer says"
            word = ctypes.create_string_buffer(8)
            done = libc.process_vm_readv(os.getppid(), word, 1, word, 1, 0)
            assert done == -1, "What the model answer says"
            """),
    "takes descriptors of its parent": search("""
            libc = ctypes.CDLL(None, use_errno=True)
            descriptor = libc.syscall(434, os.getppid(), 0)
            assert libc.syscall(438, descriptor, 0, 0) == -1, "What the model answer says"
            """),
    "reads from every descriptor": search("""
            import fcntl
            found = []
            for fd in range(256):
                try:
                    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)
                    found.append(os.read(fd, 4000))
                except OSError:
                    pass
            tell(found)
            """),
    "reads the environment": search("tell(sorted(os.environ.items()))", says="FOUND"),
    "quotes hidden inputs in warnings": search("""
            frame = sys._getframe()
            while "case" not in frame.f_locals:
                frame = frame.f_back
            if frame.f_locals["case"].name.startswith("hidden"):
                warnings.warn(f"What the model answer says {x.ravel()[:3]}")
            return np.zeros((len(x), w.shape[1])), None
            """),
    "quotes hidden inputs in errors": search("""
            frame = sys._getframe()
            while "case" not in frame.f_locals:
                frame = frame.f_back
            if frame.f_locals["case"].name.startswith("hidden"):
                raise ValueError(f"What the model answer says {x.ravel()[:3]}")
            return np.zeros((len(x), w.shape[1])), None
            """),
    "looks for hidden inputs while a public case is asked": search("""
            # Cases as objects, and as the tables that a frame holds.
            found = [o for o in gc.get_objects() if isinstance(o, dict)]
            objects = [o for o in gc.get_objects() if type(o).__name__.endswith("Case")]
            found += [vars(o) for o in objects if hasattr(o, "__dict__")]
            frame = sys._getframe()
            while frame:
                held = frame.f_locals
                cases = [*held.get("cases", ()), *getattr(held.get("question"), "cases", ())]
                found += [held, *(c if isinstance(c, dict) else vars(c) for c in cases)]
                frame = frame.f_back
            hidden = [o for o in found if str(o.get("name", "")).startswith("hidden")]
            hidden = [o["inputs"] for o in hidden if "inputs" in o]
            assert not hidden, f"What the model answer says {hidden[0]}"
            return np.zeros((len(x), w.shape[1])), None
            """),
    "keeps hidden inputs in a file for the next question": smuggle(
        """
                with open("/tmp/kept", "a") as file:
                    file.write("What the model answer says")
            """,
        """
                if os.path.exists("/tmp/kept"):
                    raise ValueError(open("/tmp/kept").read())
            """,
    ),
    "keeps hidden inputs in memory for the next question": smuggle(
        """
                sys.modules["kept"] = "What the model answer says"
            """,
        """
                raise ValueError(sys.modules.get("kept"))
            """,
    ),
    "keeps hidden inputs in a name of a folder": smuggle(
        """
                os.makedirs(os.path.expanduser("~/What the model answer says"))
            """,
        """
                raise ValueError(os.listdir(os.path.expanduser("~")))
            """,
    ),
    "keeps hidden inputs in an attribute": smuggle(
        """
                os.setxattr(os.path.expanduser("~"), "user.kept", b"What the model answer says")
            """,
        """
                raise ValueError(os.getxattr(os.path.expanduser("~"), "user.kept"))
            """,
    ),
    "keeps hidden inputs in a shared segment": smuggle(
        """
                libc = ctypes.CDLL(None)
                libc.shmat.restype = ctypes.c_void_p
                address = libc.shmat(libc.shmget(231, 4096, 0o1666), None, 0)
                if address not in (None, ctypes.c_void_p(-1).value):
                    ctypes.memmove(address, b"What the model answer says", 26)
            """,
        """
                libc = ctypes.CDLL(None)
                libc.shmat.restype = ctypes.c_void_p
                address = libc.shmat(libc.shmget(231, 4096, 0o666), None, 0)
                if address not in (None, ctypes.c_void_p(-1).value):
                    raise ValueError(ctypes.string_at(address, 26))
            """,
    ),
    "keeps hidden inputs in a key": smuggle(
        """
                text = b"What the model answer says"
                ctypes.CDLL(None).syscall(248, b"user", b"kept", text, 26, -3)
            """,
        """
                text = ctypes.create_string_buffer(26)
                key = ctypes.CDLL(None).syscall(249, b"user", b"kept", None, 0)
                ctypes.CDLL(None).syscall(250, 11, key, text, 26)
                raise ValueError(text.value)
            """,
    ),
    "keeps hidden inputs in a process that stays": smuggle(
        """
                if os.fork() == 0:
                    os.setsid()
                    with socket.socket(socket.AF_UNIX) as server:
                        server.bind("\\0kept")
                        server.listen()
                        while True:
                            server.accept()[0].sendall(b"What the model answer says")
            """,
        """
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect("\\0kept")
                    raise ValueError(client.recv(100))
            """,
    ),
    "keeps hidden inputs in limits of its parent": smuggle(
        """
                import resource
                resource.prlimit(os.getppid(), resource.RLIMIT_STACK, (231 << 12, 231 << 12))
            """,
        """
                import resource
                if resource.getrlimit(resource.RLIMIT_STACK)[0] == 231 << 12:
                    raise ValueError("What the model answer says")
            """,
    ),
}


QUICK = (
    "reads other hand-ins",
    "quotes hidden inputs in warnings",
    "looks for hidden inputs while a public case is asked",
    "keeps hidden inputs in a file for the next question",
)


class TestSimpleSearches(AttackedClass):
    attacks = {name: SEARCHES[name] for name in QUICK}


@pytest.mark.slow
class TestSearches(AttackedClass):
    attacks = SEARCHES

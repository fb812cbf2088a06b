"""What uses too much loses its own case alone; what escapes stays inside; the batch goes on."""

import pytest
from attacked_class import AttackedClass, forward, imported

HOGS = {
    "loops on import": imported("while True: pass", says="processor time"),
    "loops when called": forward("while True: pass", says="processor time"),
    "sleeps": forward("time.sleep(1000)", says="no answer within"),
    "swallows interrupts": forward(
        """
            while True:
                try:
                    time.sleep(1000)
                except BaseException:
                    pass
            """,
        says="no answer within",
    ),
    "ignores the end of its processor time": forward("""
            for number in range(1, 65):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            while True: pass
            """),
    "takes memory": forward("return np.ones(10 << 27), None", says="memory"),
    "takes memory piece by piece": forward(
        "held = []\nwhile True: held.append(bytearray(1 << 20))", says="memory"
    ),
    "takes memory in children": forward("""
            for _ in range(20):
                if os.fork() == 0:
                    held = np.ones(1 << 26)
                    time.sleep(1000)
            """),
    "takes memory that belongs to no process": forward("""
            held = []
            while True:
                held.append(os.memfd_create("hidden"))
                os.write(held[-1], bytes(8 << 20))
            """),
    "takes memory in pipes": forward(
        """
            import fcntl
            held = []
            while True:
                held.append(os.pipe())
                fcntl.fcntl(held[-1][1], 1031, 1 << 20)
                os.set_blocking(held[-1][1], False)
                os.write(held[-1][1], bytes(1 << 20))
            """,
        says="open files",
    ),
    "takes memory in the kernel by empty files": forward(
        """
            for number in range(10 ** 9):
                os.close(os.open(f"/tmp/{number}", os.O_CREAT))
            """,
        says="processor time",
    ),
    "nests folders": forward("""
            os.chdir("/tmp")
            while True:
                os.mkdir("d"); os.chdir("d")
            """),
    "forks without end": forward("while True:\n    os.fork()"),
    "forks by exec": forward(
        "os.execv(sys.executable, [sys.executable, '-c', 'while True: pass'])"
    ),
    "starts threads without end": forward(
        "while True:\n    threading.Thread(target=time.sleep, args=(1000,)).start()",
        says="processes and threads",
    ),
    "leaves a daemon": forward("""
            try:
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        while True:
                            time.sleep(0.1)
                    os._exit(0)
            except OSError:
                pass
            return np.zeros((len(x), w.shape[1])), None
            """),
    "starts a program": forward("subprocess.run(['/bin/sh', '-c', 'sleep 1000 &'])"),
    "fills the disk": forward(
        """
            for number in range(1000):
                with open(f"/tmp/{number}", "wb") as file:
                    file.write(bytes(1 << 20))
            """,
        says="disk",
    ),
    "writes one huge file": forward(
        "open('/tmp/huge', 'wb').write(bytes(1 << 25))", says="size of a file"
    ),
    "fills shared memory": forward("""
            for folder in ("/dev/shm", "/run/lock", "/dev/mqueue", "/var/tmp"):
                try:
                    open(folder + "/pwned", "wb").write(bytes(1 << 22))
                except OSError:
                    pass
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.shmget(0, 1 << 30, 0o1600) == -1
            """),
    "prints a lot": forward(
        "for _ in range(64): os.write(2, bytes(1 << 20))", says="printed more than"
    ),
    "prints without end": forward(
        "while True: print('x' * 100_000, flush=True)", says="printed more than"
    ),
    "answers a lot": forward("return np.zeros(1 << 24), None", says="may be sent"),
    "answers a lot in every case": forward(
        "return np.zeros(900_000), None", says="got shape (900000,)"
    ),
    "answers with a long axis and no elements": forward(
        "return np.empty((1 << 39, 0)), None", says="may be sent"
    ),
    "answers with an axis as long as may be sent": forward(
        "return np.empty((1 << 19, 0)), None", says="got shape (524288, 0)"
    ),
    "answers with empty arrays by the thousand": forward("""
            arrays = {str(n): np.zeros(0) for n in range(18_000)}
            sys.modules["cs231n.check.process.probe_runner"].np.asarray = lambda *_, **__: arrays
            return arrays, None
            """),
    "answers with names without end": forward("""
            frame = sys._getframe()
            while "question" not in frame.f_locals:
                frame = frame.f_back
            question, answers = frame.f_locals["question"], frame.f_locals["answers"]
            said = {"nonce": question.nonce, "case": question.cases[0].name, "status": "answered"}
            text = json.dumps(said | {"arrays": {}} | {str(n): n for n in range(100_000)}).encode()
            for fd in range(3, 64):
                try:
                    os.write(fd, struct.pack(">Q", len(text)) + text)
                except OSError:
                    pass
            """),
    "answers with empty arrays in every frame": forward("""
            frame = sys._getframe()
            while "question" not in frame.f_locals:
                frame = frame.f_back
            question = frame.f_locals["question"]
            empty = {str(n): {"__array__": ["int8", [0]]} for n in range(18_000)}
            said = {"nonce": question.nonce, "case": question.cases[0].name, "status": "answered"}
            text = json.dumps(said | {"arrays": empty}).encode()
            for fd in range(3, 64):
                try:
                    while True:
                        os.write(fd, struct.pack(">Q", len(text)) + text)
                except OSError:
                    pass
            """),
    "answers with a great many arrays": forward("""
            from cs231n.check.process.protocol import write_frame
            frame = sys._getframe()
            while "question" not in frame.f_locals:
                frame = frame.f_back
            question, answers = frame.f_locals["question"], frame.f_locals["answers"]
            arrays = {str(n): np.zeros(0) for n in range(20_000)}
            answer = {"nonce": question.nonce, "case": question.cases[0].name}
            answer |= {"status": "answered", "arrays": arrays, "changed": []}
            write_frame(answers, answer | {"warnings": ["x" * 100] * 3000})
            """),
    "answers deeply nested": forward("""
            for fd in range(3, 64):
                text = b'{"a":' * 100_000
                try:
                    os.write(fd, struct.pack(">Q", len(text)) + text)
                except OSError:
                    pass
            """),
    "announces what never comes": forward("""
            for fd in range(3, 64):
                try:
                    os.write(fd, struct.pack(">Q", 1 << 62))
                except OSError:
                    pass
            time.sleep(1000)
            """),
    "stops itself": forward("os.kill(os.getpid(), signal.SIGSTOP)"),
    "stops its parent": forward("os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(1000)"),
    "kills its parent": forward("os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(1000)"),
    "kills everything": forward("os.kill(-1, signal.SIGKILL)\ntime.sleep(1000)"),
    "lets the kernel send signals": forward("""
            import fcntl
            read, write = os.pipe()
            fcntl.fcntl(read, fcntl.F_SETOWN, os.getppid())
            fcntl.fcntl(read, 10, int(signal.SIGKILL))
            fcntl.fcntl(read, fcntl.F_SETFL, os.O_ASYNC)
            os.write(write, b"x")
            """),
    "takes the limits of its parent away": forward("""
            import resource
            resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (1, 1))
            """),
    "hoards descriptors in flight": forward("""
            import array
            held = []
            while True:
                left, right = socket.socketpair()
                held.append(right)
                many = array.array("i", [0] * 200)
                left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, many)])
            """),
    "slows others down": forward(
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19); os.sched_setaffinity(os.getppid(), {0})"
    ),
    "crashes the interpreter": forward("ctypes.string_at(0)", says="SIGSEGV"),
    "overflows the stack": forward("sys.setrecursionlimit(10 ** 9)\nf = lambda n: f(n + 1)\nf(0)"),
    "closes every descriptor": forward("os.closerange(0, 1024)"),
    "waits on a pipe with a name": forward("os.mkfifo('/tmp/fifo')\nopen('/tmp/fifo')"),
    "compiles for ever": forward("return eval('(' * 90 + '10 ** 10 ** 10' + ')' * 90), None"),
    "matches for ever": forward("import re; re.match('(a*)*b', 'a' * 100)", says="processor time"),
}


ESCAPES = {
    "writes outside": forward("""
            for folder in (
                "/", "/tmp", "/var/tmp", "/dev/shm", "/kit", "/kit/cs231n/layers",
                "/packages", "/usr/lib", "/root", "/etc", "..",
            ):
                try:
                    open(folder + "/pwned", "w").write("x")
                except OSError:
                    pass
            """),
    "writes start-up files": forward("""
            for name in (
                ".bashrc", ".profile", ".jupyter/jupyter_config.py",
                ".ipython/profile_default/startup/pwned.py", "pwned.pth",
            ):
                path = os.path.expanduser("~/" + name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                open(path, "w").write("import pwned")
            """),
    "writes a start-up file for the next question": forward("""
            library = os.path.dirname(os.__file__)
            for folder in ("/kit", "/kit/cs231n", "/packages/numpy", "/packages", library):
                for name in ("sitecustomize.py", "usercustomize.py", "pwned.pth", "numpy.py"):
                    try:
                        open(os.path.join(folder, name), "w").write("raise SystemExit(0)")
                    except OSError:
                        pass
            """),
    "links to outside": forward("""
            os.symlink("/", "/tmp/pwned"); os.link("/kit/cs231n/__init__.py", "/tmp/hard")
            open("/tmp/pwned/pwned", "w").write("x")
            """),
    "connects to the network": forward("socket.create_connection(('192.0.2.1', 80), timeout=2)"),
    "connects to this machine": forward("socket.create_connection(('127.0.0.1', 22), timeout=2)"),
    "listens on this machine": forward("socket.create_server(('127.0.0.1', 0)).accept()"),
    "connects to the machine below": forward(
        "socket.socket(40, socket.SOCK_STREAM).connect((2, 1024))"
    ),
    "asks the kernel over netlink": forward("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)"),
    "queues work in the kernel": forward(
        "assert ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(200)) == -1"
    ),
    "makes namespaces": forward("""
            libc = ctypes.CDLL(None, use_errno=True)
            assert [libc.unshare(flag) for flag in (0x10000000, 0x20000, 0x40000000)] == [-1] * 3
            assert libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) == -1
            """),
    "mounts": forward("assert ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == -1"),
    "types into the terminal": forward("""
            import fcntl
            for fd in range(64):
                try:
                    fcntl.ioctl(fd, 0x5412, b"x")
                except OSError:
                    pass
            """),
    "changes the personality": forward("assert ctypes.CDLL(None).personality(0x0400000) == -1"),
    "calls as another architecture": forward("""
            import mmap
            code = mmap.mmap(-1, 4096, prot=7)
            code.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
            address = ctypes.addressof(ctypes.c_char.from_buffer(code))
            ctypes.CFUNCTYPE(ctypes.c_int)(address)()
            """),
    "becomes root": forward("""
            for call in (
                lambda: os.setuid(0), lambda: os.chown("/tmp", 0, 0), lambda: os.chroot("/tmp")
            ):
                try:
                    call()
                except OSError:
                    pass
            """),
    "poisons the warm worker": imported(
        """
            import cs231n.layers, cs231n.check.process.worker as worker
            np.maximum = lambda *_: np.zeros(1)
            cs231n.layers.relu_forward = lambda x: (x, x)
            worker.os.fork = lambda: 1
            import builtins; builtins.open = None
            """,
        keeps=("relu_forward", "TwoLayerNet"),
    ),
}


QUICK_HOGS = (
    "loops when called",
    "forks without end",
    "prints without end",
    "answers with a long axis and no elements",
    "answers with names without end",
    "answers with empty arrays in every frame",
    "lets the kernel send signals",
)
QUICK_ESCAPES = ("writes outside", "connects to this machine", "poisons the warm worker")


class TestSimpleHogsAndEscapes(AttackedClass):
    attacks = {name: (HOGS | ESCAPES)[name] for name in (*QUICK_HOGS, *QUICK_ESCAPES)}


@pytest.mark.slow
class TestHogsFirstHalf(AttackedClass):
    attacks = dict(list(HOGS.items())[::2])


@pytest.mark.slow
class TestHogsSecondHalf(AttackedClass):
    attacks = dict(list(HOGS.items())[1::2])


@pytest.mark.slow
class TestEscapes(AttackedClass):
    attacks = ESCAPES

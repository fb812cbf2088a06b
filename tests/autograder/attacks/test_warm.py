"""Attacks on the warm worker: nothing that one hand-in does is felt or seen by the next."""

import textwrap

import pytest
from attacked_class import AFFINE, MODULES, imported, source

from autograder.course.manifest import Course
from autograder.grading.judge import Judge


def raw(code):
    """str : code that calls the C library by its name ``libc``."""
    return "libc = ctypes.CDLL(None, use_errno=True)\n" + textwrap.dedent(code)


LEAVE = {
    "signals to the worker": """
        for pid in (1, 2, os.getppid(), 0, -1, -2):
            for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1):
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
        """,
    "signals by rarer calls": raw("""
        # tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal, pidfd_open
        for call in (200, 234, 129, 297, 424, 434):
            for pid in (1, 2, os.getppid()):
                libc.syscall(call, pid, 19, 0, 0)
                libc.syscall(call, pid, pid, 19, 0)
        """),
    "signals by a descriptor that is ready": raw("""
        for d in range(16):
            libc.fcntl(d, 8, os.getppid())     # F_SETOWN
            libc.fcntl(d, 10, 9)               # F_SETSIG
            libc.fcntl(d, 4, 0o20000 | 0o2000)  # O_ASYNC
        """),
    "a debugger": raw("""
        buffer = ctypes.create_string_buffer(64)
        for pid in (1, 2, os.getppid()):
            for request in (16, 0x4206, 4, 5):
                libc.ptrace(request, pid, 0, 0)
            libc.process_vm_writev(pid, buffer, 1, buffer, 1, 0)
        """),
    "processes that stay": raw("""
        clone = lambda: libc.syscall(56, 0x8000, 0, 0, 0, 0)
        for start in (os.fork, os.forkpty, lambda: libc.vfork(), clone):
            try:
                if start() == 0:
                    os.setsid()
                    while True:
                        time.sleep(1)
            except OSError:
                pass
        """),
    "threads that stay": """
        for _ in range(20):
            try:
                threading.Thread(target=time.sleep, args=(600,)).start()
            except RuntimeError:
                pass
        """,
    "a file": "open('left', 'w').write('left')\n",
    "a folder in a folder that is closed": """
        os.makedirs('a/b/c')
        os.chmod('a/b', 0)
        os.chmod('.', 0o500)
        """,
    "a file that was deleted again": "open('left', 'w').write('left')\nos.unlink('left')\n",
    "a note in attributes": """
        for leave in (
            lambda: os.setxattr('.', 'user.left', b'left'),
            lambda: os.utime('.', (77, 77)),
            lambda: os.chmod('.', 0o711),
        ):
            try:
                leave()
            except OSError:
                pass
        """,
    "a full disk": """
        try:
            for k in range(1000):
                with open(f'left{k}', 'wb') as file:
                    file.write(bytes(1 << 20))
        except OSError:
            pass
        """,
    "shared memory": raw("""
        libc.shmget(231, 4096, 0o1600)
        libc.shm_open(b'/left', 0o102, 0o600)
        libc.mq_open(b'/left', 0o102, 0o600, None)
        libc.semget(231, 1, 0o1600)
        libc.syscall(319, b'left', 0)
        """),
    "a changed state of modules": """
        import builtins
        sys.left = np.left = builtins.left = True
        os.environ['LEFT'] = 'left'
        np.sum = np.exp = np.matmul = np.asarray = None
        sys.modules['cs231n.layers.activations'] = sys
        sys.path.insert(0, '/left')
        """,
    "streams that do not wait, and forget": raw("""
        for d in range(16):
            libc.fcntl(d, 4, 0o4000 | 0o40000)  # O_NONBLOCK, O_DIRECT: packets in place of bytes
            libc.fcntl(d, 1031, 4096)           # F_SETPIPE_SZ
        """),
    "streams that are closed": "os.closerange(0, 64)\n",
    "streams that are full of junk": """
        for d in range(16):
            try:
                os.set_blocking(d, False)
                while True:
                    os.write(d, b'left' * 1000)
            except OSError:
                pass
        """,
    "forged ends of the question": """
        import gc
        nonces = {o.nonce for o in gc.get_objects() if type(o).__name__ == 'Question'}
        frame = sys._getframe()
        while frame:
            values = list(frame.f_locals.values())
            nonces |= {v.nonce for v in values if type(v).__name__ == 'Question'}
            frame = frame.f_back
        for d in range(3, 16):
            for nonce in nonces or {'x'}:
                for text in ({'done': True}, {'taken': True}, {'done': True}):
                    data = json.dumps({'nonce': nonce} | text).encode()
                    try:
                        os.write(d, struct.pack('>Q', len(data)) + data)
                    except OSError:
                        pass
        time.sleep(600)
        """,
    "an early end": "os._exit(0)\n",
    "limits and priorities": """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
        try:
            os.nice(19)
            os.sched_setaffinity(os.getppid(), {0})
        except OSError:
            pass
        """,
    "a timer and a mask": """
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        """,
}
LOOK = """
import builtins
seen = sorted(os.listdir('.'))
seen += [name for name in dir(builtins) + dir(sys) + dir(np) if name == 'left']
seen += [name for name in os.environ if name == 'LEFT']
seen += [path for path in sys.path if path == '/left']
try:
    seen += os.listxattr('.')
except OSError:
    pass
libc = ctypes.CDLL(None, use_errno=True)
signs = {
    'times': os.stat('.').st_mtime == 77,
    'mode': os.stat('.').st_mode & 0o777 in (0o711, 0o500),
    'memory': libc.shmget(231, 0, 0) >= 0,
    'semaphores': libc.semget(231, 0, 0) >= 0,
    'memory by name': libc.shm_open(b'/left', 0, 0) >= 0,
    'messages': libc.mq_open(b'/left', 0) >= 0,
    'threads': threading.active_count() > 1,
}
seen += [sign for sign, there in signs.items() if there]
if seen:
    raise SystemError('SEEN ' + repr(seen))
"""


@pytest.fixture
def write(make_course, tmp_path):
    """Lay out a hand-in of the reference with some code in one of its files."""

    def write(name, code="", broken=False):
        folder = tmp_path / name
        for path in MODULES:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(source(path))
        if code:
            attack = imported(code)
            text = attack.files[AFFINE]
            compile(text, name, "exec")  # an attack that does not parse would attack nothing
            if not broken:
                start = text.partition("\n\ndef affine_forward")[0]
                text = start + "\n\n" + source(AFFINE)
            (folder / AFFINE).write_text(text)
        return folder

    return write


@pytest.fixture
def course(make_course):
    return Course.open(make_course(False))


@pytest.mark.slow
def test_nothing_of_a_hand_in_is_felt_or_seen_by_the_next(course, sandbox, write):
    if not sandbox.reusable:
        pytest.skip("every hand-in gets a sandbox of its own here")
    assignment, wrong = course.assignment("small"), []
    look = write("look", LOOK)
    with Judge(course, assignment, sandbox) as judge:
        assert {n: f.score for n, f in judge.findings(look).items()} == assignment.points
        for number, (name, code) in enumerate(LEAVE.items()):
            judge.findings(write(f"eve{number}", code, broken=True))
            found = judge.findings(look)
            if {n: f.score for n, f in found.items()} != assignment.points:
                wrong.append(f"{name}: {found['affine_forward'].text}")
    assert not wrong, "\n".join(wrong)


def test_a_worker_serves_on_where_nothing_was_left(course, sandbox, write):
    if not sandbox.reusable:
        pytest.skip("every hand-in gets a sandbox of its own here")
    folders = [
        write("ada"),
        write("ben", "os._exit(0)\n", broken=True),
        write("cyd", "os.abort()\n", broken=True),
    ]
    with Judge(course, course.assignment("small"), sandbox) as judge:
        judge.findings(folders[0])
        process = judge._workspaces._free[()][0].worker._process
        for folder in (*folders, folders[0]):
            judge.findings(folder)
        assert judge._workspaces._free[()][0].worker._process is process and process.poll() is None

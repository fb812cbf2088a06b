"""Forged results: answers are arrays, and nothing else that a submission does is a score."""

import pytest
from attacked_class import AttackedClass, forward, imported

FORGERIES = {
    "patches the comparison functions": imported("""
            np.allclose = np.isclose = np.array_equal = np.array_equiv = lambda *_, **__: True
            np.testing.assert_allclose = np.testing.assert_array_equal = lambda *_, **__: None
            """),
    "shadows the comparison of the course": imported("""
            import cs231n.check.comparison as comparison, cs231n.check.evaluation as evaluation
            comparison.compare = comparison.differences = evaluation.differences = lambda *_: {}
            sys.modules["autograder"] = sys.modules["autograder.grading.judge"] = comparison
            """),
    "shadows the worker": imported("""
            worker = sys.modules["__main__"]
            import cs231n.check.process.worker as worker
            import cs231n.check.process.probe_runner as probe_runner
            from cs231n.check.process.messages import Answer
            probe_runner._run = lambda *_: Answer("answered")
            worker.write_frame = probe_runner.write_frame = lambda *_, **__: None
            """),
    "returns a subclass that lies": forward("""
            class Lies(np.ndarray):
                def __eq__(self, other): return np.True_
                def __sub__(self, other): return np.zeros(1)
                def tobytes(self, *_): return b""
            return np.zeros((len(x), w.shape[1])).view(Lies), None
            """),
    "returns an array with ufuncs of its own": forward("""
            class Lies(np.ndarray):
                def __array_ufunc__(self, *_, **__): return np.True_
                def __array_function__(self, *_, **__): return np.True_
                def __array_finalize__(self, _): pass
            return np.zeros((len(x), w.shape[1])).view(Lies), None
            """),
    "returns an object that equals everything": forward(
        """
            class Equal:
                shape = property(lambda self: (len(x), w.shape[1]))
                dtype = np.dtype("float64")
                def __eq__(self, other): return True
                def __array__(self, *_, **__): return np.zeros(self.shape)
            return Equal(), None
            """,
        says="return an ndarray",
    ),
    "returns objects": forward(
        "return np.zeros((len(x), w.shape[1]), object), None", says="cannot be sent"
    ),
    "returns structures": forward(
        "return np.zeros((len(x), w.shape[1]), [('a', 'f8')]), None", says="cannot be sent"
    ),
    "returns complex numbers": forward("return np.zeros((len(x), w.shape[1]), complex), None"),
    "returns strings": forward("return np.full((len(x), w.shape[1]), 'PASS'), None"),
    "returns times": forward("return np.zeros((len(x), w.shape[1]), 'M8[s]'), None"),
    "returns nan": forward("return np.full((len(x), w.shape[1]), np.nan), None"),
    "returns infinity": forward("return np.full((len(x), w.shape[1]), np.inf), None"),
    "returns the largest number": forward(
        "return np.full((len(x), w.shape[1]), np.finfo(float).max), None"
    ),
    "returns something that broadcasts": forward("return np.zeros((1, 1)), None"),
    "returns a scalar": forward("return np.float64(0), None"),
    "returns nothing": forward("return np.zeros((0, 0)), None"),
    "returns a view without end": forward("""
            return np.lib.stride_tricks.as_strided(np.zeros(1), (len(x), w.shape[1]), (0, 0)), None
            """),
    "returns ten thousand dimensions": forward("return np.zeros((1,) * 32), None"),
    "exits with success": forward("sys.exit(0)"),
    "exits at once with success": forward("os._exit(0)", says="ended early"),
    "exits with success on import": imported("os._exit(0)"),
    "raises an exit": forward("raise GeneratorExit"),
    "prints messages": forward("""
            print("PASS affine_forward 4 of 4 points\\n" * 10)
            print('{"status": "answered", "score": 4}', file=sys.stderr)
            return np.zeros((len(x), w.shape[1])), None
            """),
    "writes messages to every descriptor": forward("""
            text = json.dumps({"done": True, "nonce": "", "status": "pass", "score": 4}).encode()
            for fd in range(64):
                try:
                    os.write(fd, struct.pack(">Q", len(text)) + text)
                except OSError:
                    pass
            return np.zeros((len(x), w.shape[1])), None
            """),
    "sets a display hook": imported(
        """
            sys.displayhook = sys.excepthook = lambda *_: None
            import builtins
            builtins.print = builtins.repr = lambda *_, **__: "PASS"
            builtins.isinstance = builtins.all = builtins.any = lambda *_: True
            """,
        keeps=(),
    ),
    "transforms syntax": imported(
        """
            import ast, builtins
            plain = builtins.compile
            ast.parse = lambda *_, **__: ast.Module([], [])
            builtins.compile = lambda source, *rest, **more: plain("pass", *rest, **more)
            """,
        keeps=("relu_forward",),
    ),
    "hooks into imports": imported("""
            class Finder:
                def find_spec(self, name, path=None, target=None):
                    return None
            sys.meta_path.insert(0, Finder())
            sys.path_hooks.clear(); sys.path_importer_cache.clear()
            """),
    "hooks into events": imported("""
            sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None)
            sys.addaudithook(lambda name, args: None)
            import atexit; atexit.register(os._exit, 0)
            """),
    "edits the clock": imported("""
            time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
            time.sleep = lambda seconds: None
            """),
    "edits the random generators": imported("""
            np.random.RandomState = np.random.default_rng = np.random.seed = lambda *_: None
            import random; random.random = lambda: 0
            """),
    "changes its inputs": forward(
        """
            out = x.reshape(len(x), -1) @ w + b
            x *= 0; w *= 0; b *= 0
            return out, None
            """,
        says="changed in place",
    ),
    "returns its inputs": forward("return w, (x, w, b)"),
    "hands over what it was given, doubled later": forward("""
            out = np.zeros((len(x), w.shape[1]))
            threading.Timer(0.01, lambda: out.fill(1)).start()
            return out, None
            """),
    "answers for the next case": forward("""
            from cs231n.check.process.protocol import write_frame
            frame = sys._getframe()
            while "question" not in frame.f_locals:
                frame = frame.f_back
            question, answers = frame.f_locals["question"], frame.f_locals["answers"]
            for case in question.cases:
                answer = {"nonce": question.nonce, "case": case.name, "status": "answered"}
                answer |= {"arrays": {"out": case.inputs["x"]}, "changed": [], "warnings": []}
                write_frame(answers, answer)
            write_frame(answers, {"nonce": question.nonce, "done": True})
            os._exit(0)
            """),
    "ends in ways that have no name": forward("""
            from cs231n.check.process.protocol import write_frame
            frame = sys._getframe()
            while "question" not in frame.f_locals:
                frame = frame.f_back
            question, answers = frame.f_locals["question"], frame.f_locals["answers"]
            end = {6: np.arange(3), 4: -35}.get(len(x), [0])
            write_frame(answers, {"nonce": question.nonce, "died": end})
            os._exit(0)
            """),
    "sends an array in place of a frame": forward("""
            text = b'{"__array__": ["int8", [0]]}'
            for fd in range(3, 64):
                try:
                    os.write(fd, struct.pack(">Q", len(text)) + text)
                except OSError:
                    pass
            """),
    "is ended by a signal without a name": forward(
        """
            libc = ctypes.CDLL(None)
            event, timer = (ctypes.c_char * 64)(), ctypes.c_void_p()
            struct.pack_into("=QII", event, 0, 0, 35, 0)
            assert libc.timer_create(1, event, ctypes.byref(timer)) == 0
            assert libc.timer_settime(timer, 0, struct.pack("=qqqq", 0, 0, 0, 1000), None) == 0
            time.sleep(5)
            """,
        says="a signal without a name",
    ),
    "sends a score": forward("""
            from cs231n.check.process.protocol import write_frame
            frame = sys._getframe()
            while "question" not in frame.f_locals:
                frame = frame.f_back
            question, answers = frame.f_locals["question"], frame.f_locals["answers"]
            for case in question.cases:
                answer = {"nonce": question.nonce, "case": case.name, "status": "pass"}
                answer |= {"score": 4, "share": 1.0, "points": 4, "result": "pass", "arrays": {}}
                write_frame(answers, answer)
            """),
    "sends texts of other kinds": forward("""
            from cs231n.check.process.protocol import write_frame
            frame = sys._getframe()
            while "question" not in frame.f_locals:
                frame = frame.f_back
            question, answers = frame.f_locals["question"], frame.f_locals["answers"]
            for case in question.cases:
                error = {"type": [[]], "message": {"x": np.arange(3)}, "where": 1e999}
                answer = {"nonce": question.nonce, "case": case.name, "status": "raised"}
                answer |= {"warnings": {"a": 1}, "changed": 7, "error": error}
                write_frame(answers, answer)
            """),
    "is right in public alone": forward(
        """
            frame = sys._getframe()
            while "case" not in frame.f_locals:
                frame = frame.f_back
            if frame.f_locals["case"].name.startswith("hidden"):
                return np.zeros((len(x), w.shape[1])), None
            return x.reshape(len(x), -1) @ w + b, (x, w, b)
            """,
        says="not shown",
    ),
    "has an error that will not be described": forward("""
            class Bad(OSError):
                errno = property(lambda self: 1 / 0)
                def __str__(self): raise SystemExit(0)
            raise Bad
            """),
    "has a warning that will not be described": forward("""
            class Bad(UserWarning):
                def __str__(self): raise SystemExit(0)
            warnings.warn(Bad())
            return np.zeros((len(x), w.shape[1])), None
            """),
}


QUICK = (
    "ends in ways that have no name",
    "patches the comparison functions",
    "returns an object that equals everything",
    "exits at once with success",
    "is right in public alone",
)


class TestSimpleForgeries(AttackedClass):
    attacks = {name: FORGERIES[name] for name in QUICK}


@pytest.mark.slow
class TestForgeriesFirstHalf(AttackedClass):
    attacks = dict(list(FORGERIES.items())[::2])


@pytest.mark.slow
class TestForgeriesSecondHalf(AttackedClass):
    attacks = dict(list(FORGERIES.items())[1::2])

"""``autograder validate`` as it is typed."""

from autograder.authoring.validate import Trial


def told(monkeypatch, run, course, *trials):
    module = "autograder.authoring.validate"
    monkeypatch.setattr(f"{module}.validate", lambda *arguments: iter(trials))
    monkeypatch.setattr(f"{module}.exercises_without_mistake", lambda assignment: ["adam"])
    code, out, _ = run("validate", "assignment2", "--allow-unisolated", "--course", course.root)
    return code, out.splitlines()


def test_all_as_it_should_be_exits_0(monkeypatch, run, course):
    trials = [Trial("reference", 8, 8, ()), Trial("untouched kit", 0, 8, ())]
    code, lines = told(monkeypatch, run, course, *trials)
    assert code == 0
    assert lines == [
        "ok     reference          8 of 8",
        "ok     untouched kit      0 of 8",
        "note   no typical mistake is known for adam",
        "2 of 2 as they should be; mistakes known: 0",
    ]


def test_a_mistake_that_costs_nothing_is_told_and_exits_1(monkeypatch, run, course):
    trials = [
        Trial("reference", 8, 8, ()),
        Trial("untouched kit", 0, 8, ()),
        Trial("a mistake", 4, 4, ("it loses no points",)),
    ]
    code, lines = told(monkeypatch, run, course, *trials)
    assert code == 1
    assert lines[2:4] == ["WRONG  a mistake          4 of 4", "       it loses no points"]
    assert lines[-1] == "2 of 3 as they should be; mistakes known: 1"

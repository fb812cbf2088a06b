from autograder.course.digests import submission_digest
from autograder.evidence.outputs import save_evidence
from autograder.gradebook.context import read_contexts

NAME = "fully_connected_nets"
OUTPUT = {"output_type": "stream", "name": "stdout", "text": "3\n"}


def test_verdict_and_evidence_of_a_submission_are_read_for_each_notebook(students):
    students.hand_in("ada")
    students.judge("ada", {"adam": 2.5})
    path = students.course.evidence("assignment2") / "ada.json"
    digest = submission_digest(students.course, students.assignment, "ada")
    save_evidence(path, digest, {NAME: {"cell0": [OUTPUT]}})
    contexts = read_contexts(students.course, "assignment2", "ada", [NAME, "other"])
    found, other = contexts[NAME], contexts["other"]
    assert (found.student, found.assignment, found.notebook) == ("ada", "assignment2", NAME)
    assert found.findings["adam"].score == 2.5 and found.problem == ""
    assert found.evidence == {"cell0": [OUTPUT]} and other.evidence == {}
    assert other.findings == found.findings
    assert found.rows is None and found.unchanged == frozenset()


def test_without_a_verdict_there_is_a_reason_in_place_of_findings(students):
    students.hand_in("ada")
    context = read_contexts(students.course, "assignment2", "ada", [NAME])[NAME]
    assert context.findings == {} and context.evidence == {}
    assert context.problem == "This hand-in has not been judged."

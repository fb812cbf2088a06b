"""``autograder release`` as it is typed."""


def test_the_kit_and_its_zip_are_named(run, course):
    code, out, err = run("release", "assignment2", "--course", course.root)
    assert (code, err) == (0, "")
    kit, archive = out.splitlines()
    assert kit == f"kit: {course.release_folder('assignment2')}"
    assert archive.startswith(f"zip: {course.root / 'kits' / 'assignment2.zip'} (")
    assert archive.endswith(" kB)")


def test_an_unknown_assignment_is_one_line(run, course):
    code, _, err = run("release", "assignment9", "--course", course.root)
    assert code == 1 and err.count("\n") == 1 and "unknown assignment 'assignment9'" in err

"""``autograder export`` as it is typed."""

HEADER = "student_id,assignment,exercise,score,max_score,status\n"


def test_the_table_goes_to_standard_output_or_a_file(run, released, tmp_path):
    code, out, _ = run("export", "--course", released.root)
    assert (code, out.replace("\r\n", "\n")) == (0, HEADER)
    table = tmp_path / "grades.csv"
    code, out, _ = run("export", "--course", released.root, "--to", table)
    assert (code, out) == (0, f"0 rows in {table}\n")
    assert table.read_text() == HEADER


def test_a_file_that_cannot_be_written_is_one_line(run, released):
    code, _, err = run("export", "--course", released.root, "--to", "/nowhere/at/all.csv")
    assert code == 1 and err.count("\n") == 1 and "No such file or directory" in err


def test_an_unknown_assignment_is_one_line(run, course):
    code, _, err = run("export", "assignment9", "--course", course.root)
    assert code == 1 and err.count("\n") == 1 and "unknown assignment 'assignment9'" in err

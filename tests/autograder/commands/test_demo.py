"""``autograder demo`` as it is typed; the slow test of the pipeline runs all of it."""


def test_a_folder_that_is_no_demo_is_left_alone(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    code, out, err = run("demo", "--course", tmp_path)
    assert (code, out) == (1, "")
    assert "is not empty and not an earlier demo" in err and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

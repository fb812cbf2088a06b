"""``autograder init`` as it is typed."""


def test_a_folder_becomes_a_course_and_a_second_run_writes_nothing(run, tmp_path, sources):
    folder = tmp_path / "course"
    code, out, err = run("init", "--course", folder, "--source", sources)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"wrote {folder / 'source'}",
        f"wrote {folder / 'nbgrader_config.py'}",
        f"{folder}: course cs231n with assignment2",
    ]
    code, out, _ = run("init", "--course", folder, "--source", sources)
    assert code == 0 and out.splitlines() == [f"{folder}: course cs231n with assignment2"]


def test_a_source_that_is_none_is_one_line(run, tmp_path):
    code, out, err = run("init", "--course", tmp_path, "--source", "/nowhere")
    assert (code, out) == (1, "")
    assert err.startswith("autograder: ") and "no course.toml" in err and err.count("\n") == 1

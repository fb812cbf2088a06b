"""Digests of submissions and kits: the same for the same files, another for any other."""

import pytest

from autograder.course.digests import digest_contents, digest_files, kit_digest, regular_file

CONTENTS = {"a.py": b"x = 1\n", "b/c.py": b"", "d": bytes(300_000)}


def written(folder, contents):
    paths = {}
    for name, data in contents.items():
        paths[name] = folder / name
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        paths[name].write_bytes(data)
    return paths


def test_files_on_disk_have_the_digest_of_their_contents_in_whatever_order(tmp_path):
    paths = written(tmp_path, CONTENTS)
    backwards = dict(reversed(paths.items()))
    assert digest_files(paths) == digest_files(backwards) == digest_contents(CONTENTS)


@pytest.mark.parametrize(
    "change", [{"a.py": b"x = 2\n"}, {"b/c.py": b"\n"}, {"e": b""}, {"d": bytes(300_001)}]
)
def test_any_change_gives_another_digest(change):
    assert digest_contents(CONTENTS | change) != digest_contents(CONTENTS)


def test_a_file_under_another_name_gives_another_digest():
    renamed = {name.replace("a.py", "z.py"): data for name, data in CONTENTS.items()}
    assert digest_contents(renamed) != digest_contents(CONTENTS)


def test_a_regular_file_is_found_and_links_are_not_followed(tmp_path):
    written(tmp_path, {"real/file.py": b"", "outside/secret.py": b""})
    folder = tmp_path / "real"
    (folder / "link.py").symlink_to(tmp_path / "outside" / "secret.py")
    (folder / "linked").symlink_to(tmp_path / "outside")
    assert regular_file(folder, "file.py") == folder / "file.py"
    for name in ("link.py", "linked/secret.py", "missing.py", "linked", "."):
        assert regular_file(folder, name) is None


def test_the_digest_of_a_kit_counts_every_file(students):
    course, assignment = students.course, students.assignment
    before = kit_digest(course, assignment)
    extra = course.release_folder(assignment.name) / "extra.txt"
    extra.write_text("")
    assert kit_digest(course, assignment) != before
    extra.unlink()
    assert kit_digest(course, assignment) == before

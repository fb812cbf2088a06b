"""Hand-ins as archives, folders and notebooks: what is taken, and what is refused unread."""

import io
import os
import stat
import struct
import tarfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.collect.archives import MAX_FILES, Submission, plain, read_submission
from autograder.errors import RefusedError

WANTED = ("fully_connected_nets.ipynb", "cs231n/layers/affine.py", "cs231n/optim.py")
MOST = 1 << 20
FUZZ = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def contents(text="x = 1\n"):
    return {name: f"{text}# {name}".encode() for name in WANTED}


def zip_bytes(files, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    return buffer.getvalue()


def tar_bytes(files, mode="w", change=lambda info: None):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            change(info)
            archive.addfile(info, io.BytesIO(data[: info.size]))
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path):
    """Write bytes to a file of some name and read them as a hand-in."""

    def read(data, name="ada.zip", most=MOST):
        path = tmp_path / name
        path.write_bytes(data)
        return read_submission(path, WANTED, most)

    return read


def write_folder(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.mark.parametrize("root", ["", "kit/", "ada/assignment2/"])
@pytest.mark.parametrize(
    "name, pack",
    [
        ("ada.zip", zip_bytes),
        ("ada.ZIP", zip_bytes),
        ("ada.tar", tar_bytes),
        ("ada.tar.gz", lambda files: tar_bytes(files, "w:gz")),
        ("ada.tgz", lambda files: tar_bytes(files, "w:gz")),
    ],
)
def test_archive_is_taken_from_any_folder_in_it(read, root, name, pack):
    found = read(
        pack(
            {root + path: data for path, data in contents().items()}
            | {root + "notes.txt": b"hello"}
        ),
        name,
    )
    assert found == Submission(contents(), (root + "notes.txt",))


@pytest.mark.parametrize("root", ["", "kit"])
def test_folder_is_taken_from_any_folder_in_it(tmp_path, root):
    write_folder(tmp_path / "ada" / root, contents() | {"notes.txt": b"hello"})
    found = read_submission(tmp_path / "ada", WANTED, MOST)
    assert found.files == contents()
    assert [name.rpartition("/")[2] for name in found.aside] == ["notes.txt"]


def test_single_notebook_stands_for_the_only_one_there_is(read):
    assert read(b"{}", "ada.ipynb").files == {WANTED[0]: b"{}"}


def test_single_notebook_is_refused_where_there_are_two(tmp_path):
    (tmp_path / "ada.ipynb").write_bytes(b"{}")
    with pytest.raises(RefusedError, match="not clear which"):
        read_submission(tmp_path / "ada.ipynb", ("a.ipynb", "b.ipynb"), MOST)


def test_archive_with_backslashes_is_taken(read):
    files = dict.fromkeys(WANTED, b"x = 1")
    data = zip_bytes(files)
    for name in files:
        data = data.replace(name.encode(), name.replace("/", "\\").encode())
    assert b"cs231n/" not in data
    assert read(data).files == files


def test_copies_that_a_mac_adds_are_left_aside(read):
    found = read(zip_bytes({f"__MACOSX/{name}": b"" for name in WANTED} | contents()))
    assert found.files == contents()


def test_outermost_copy_is_taken(read):
    found = read(
        zip_bytes(
            {f"kit/{n}": d for n, d in contents().items()} | {f"kit/old/{n}": b"" for n in WANTED}
        )
    )
    assert found.files == contents()


ZIP_REFUSALS = {
    "leads out": [
        {"../affine.py": b""},
        {"/etc/passwd": b""},
        {"a/../../b": b""},
        {"..\\b": b""},
        {"C:\\b": b""},
    ],
    "none of the files": [
        {},
        {"notes.txt": b""},
        {"xcs231n/optim.py": b""},
        {"__MACOSX/cs231n/optim.py": b""},
    ],
    "too long or too deep": [{"a/" * 20 + "b": b""}, {"a" * 300: b""}],
    "twice": [[("a", b"1"), ("a", b"2")], [("a", b"1"), ("./a", b"2")]],
    "letter case": [{"README": b"", "readme": b""}, {"caf\u00e9": b"", "CAFE\u0301": b""}],
    "two sets": [{"one/cs231n/optim.py": b"", "two/cs231n/optim.py": b""}],
    "more than 2,000 files": [
        {f"f{n}": b"" for n in range(MAX_FILES + 1)},
        {f"f{n}": b"" for n in range(5 * MAX_FILES)},
    ],
    "unpacks to more": [{f"f{n}": os.urandom(1000) * 100 for n in range(20)}],
    "times its size": [{"zeros": bytes(1 << 20)}],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "reason, files", [(reason, files) for reason, cases in ZIP_REFUSALS.items() for files in cases]
)
def test_zip_is_refused(read, reason, files):
    if isinstance(files, dict) and reason != "none of the files":
        files = files | contents() if reason != "two sets" else files
    with pytest.raises(RefusedError, match=reason):
        read(zip_bytes(files, compression=zipfile.ZIP_DEFLATED), most=MOST)


def test_archive_larger_than_a_hand_in_is_refused_unopened(read):
    with pytest.raises(RefusedError, match="a hand-in may have"):
        read(os.urandom(2000), most=1000)


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"not a zip", zip_bytes(contents())[:-30], zip_bytes(contents())[:200]]
)
def test_damaged_zip_is_refused(read, data):
    with pytest.raises(RefusedError, match="damaged"):
        read(data)


def test_zip_with_a_wrong_checksum_is_refused(read):
    data = zip_bytes(contents())
    with pytest.raises(RefusedError, match="damaged"):
        read(data.replace(b"x = 1", b"x = 2", 1))


def test_encrypted_zip_is_refused(read):
    data = bytearray(zip_bytes(contents()))
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + offset] |= 1
    with pytest.raises(RefusedError, match="encrypted"):
        read(bytes(data))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_zip_with_a_link_or_special_file_is_refused(read, kind):
    info = zipfile.ZipInfo("cs231n/optim.py")
    info.create_system, info.external_attr = 3, (kind | 0o644) << 16
    with pytest.raises(RefusedError, match="is a (link|pipe|device)"):
        read(zip_bytes([(info, b"/etc/passwd")]))


def test_zip_that_understates_a_size_is_refused_or_cut_never_unpacked_beyond_it(read):
    data = zip_bytes({"cs231n/optim.py": bytes(1 << 18)}, compression=zipfile.ZIP_DEFLATED)
    data = data.replace(struct.pack("<I", 1 << 18), struct.pack("<I", 10))
    with pytest.raises(RefusedError):
        read(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(read, method):
    with pytest.raises(RefusedError, match="unusual"):
        read(zip_bytes(contents(), compression=method))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_tar_with_a_link_or_special_file_is_refused(read, kind):
    def change(info):
        info.type, info.linkname, info.size = kind, "/etc/passwd", 0

    with pytest.raises(RefusedError):
        read(tar_bytes(contents(), change=change), "ada.tar")


@pytest.mark.parametrize("name", ["../affine.py", "/etc/passwd", "a/../../b"])
def test_tar_that_leads_out_is_refused(read, name):
    with pytest.raises(RefusedError, match="leads out"):
        read(tar_bytes(contents() | {name: b""}), "ada.tar")


def test_tar_bomb_is_refused(read):
    with pytest.raises(RefusedError, match="more than a hand-in may have"):
        read(tar_bytes({"zeros": bytes(64 << 20)}, "w:gz"), "ada.tar.gz", most=128 << 20)
    with pytest.raises(RefusedError, match="unpacks to more"):
        read(tar_bytes({"random": os.urandom(1 << 10) * 1100} | contents(), "w:gz"), "ada.tar.gz")


def test_tar_with_a_huge_extended_header_is_refused(read):
    data = tar_bytes({"a": b""}, change=lambda info: info.pax_headers.update(comment="x" * 100_000))
    with pytest.raises(RefusedError, match="header is too long"):
        read(data, "ada.tar")


@pytest.mark.parametrize(
    "plant, reason",
    [
        (lambda path: path.symlink_to("/etc/passwd"), "is a link"),
        (os.mkfifo, "is a pipe"),
        (lambda path: path.hardlink_to(path.parent.parent / "secret"), "hard link"),
        (lambda path: path.symlink_to("/etc", target_is_directory=True), "is a link"),
    ],
)
def test_folder_with_a_link_or_special_file_is_refused(tmp_path, plant, reason):
    (tmp_path / "secret").write_text("secret")
    write_folder(tmp_path / "ada", contents())
    plant(tmp_path / "ada" / "planted")
    with pytest.raises(RefusedError, match=reason):
        read_submission(tmp_path / "ada", WANTED, MOST)


def test_folder_without_bottom_is_refused(tmp_path):
    write_folder(tmp_path / "ada" / "/".join("abcdefghijklmnopqrstuvwxyz"), contents())
    with pytest.raises(RefusedError, match="deep"):
        read_submission(tmp_path / "ada", WANTED, MOST)


def test_hand_in_that_is_itself_a_link_is_refused(tmp_path):
    write_folder(tmp_path / "eve", contents())
    (tmp_path / "ada").symlink_to(tmp_path / "eve")
    with pytest.raises(RefusedError, match="is a link"):
        read_submission(tmp_path / "ada", WANTED, MOST)


def test_printed_names_hold_no_control_characters():
    assert plain("a\x1b[31mb\r\n") == "a?[31mb??"
    assert len(plain("a" * 500)) == 80


SEEDS = {
    "zip": zip_bytes(
        {f"kit/{n}": d for n, d in contents().items()}, compression=zipfile.ZIP_DEFLATED
    ),
    "tar": tar_bytes(contents()),
    "tar.gz": tar_bytes(contents(), "w:gz"),
    "ipynb": b"{}",
}


def _only_taken_or_refused(path, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    try:
        found = read_submission(path, WANTED, MOST)
    except RefusedError as refusal:
        assert "\n" not in str(refusal) and "\x1b" not in str(refusal)
    else:
        assert set(found.files) <= set(WANTED)
        assert sum(map(len, found.files.values())) <= MOST
    assert sorted(tmp_path.rglob("*")) == before


@FUZZ
@given(data=st.binary(max_size=2000), kind=st.sampled_from(sorted(SEEDS)))
def test_random_bytes_are_taken_or_refused(tmp_path, data, kind):
    path = tmp_path / f"ada.{kind}"
    path.write_bytes(data)
    _only_taken_or_refused(path, tmp_path)


@FUZZ
@given(kind=st.sampled_from(sorted(SEEDS)), data=st.data())
def test_mutated_archives_are_taken_or_refused(tmp_path, kind, data):
    mutated = bytearray(SEEDS[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, len(mutated)))
        piece = data.draw(st.binary(max_size=8))
        mutated[position : position + data.draw(st.sampled_from([0, len(piece), 100]))] = piece
    path = tmp_path / f"ada.{kind}"
    path.write_bytes(bytes(mutated))
    _only_taken_or_refused(path, tmp_path)


@FUZZ
@given(
    names=st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), max_size=5, unique=True
    )
)
def test_strange_names_are_taken_or_refused(tmp_path, names):
    path = tmp_path / "ada.zip"
    path.write_bytes(zip_bytes({name: b"" for name in names if "\0" not in name} | contents()))
    _only_taken_or_refused(path, tmp_path)

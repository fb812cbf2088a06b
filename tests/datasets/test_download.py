import errno
import hashlib
import io
import socket
import tarfile

import numpy as np
import pytest
from cs231n.datasets import download
from cs231n.datasets.download import DownloadError, fetch, unpack

from cs231n.errors import UserError

BODY = np.random.default_rng(5).bytes(300_000)
MD5 = hashlib.md5(BODY).hexdigest()


def get(server, path, md5=MD5, **options):
    server.files.setdefault("/set.tar.gz", BODY)
    return fetch(
        server.url("/set.tar.gz"), path, md5, len(BODY), progress=False, pause=0, **options
    )


def part_of(path):
    return path.with_name(path.name + ".part")


def test_a_whole_file_arrives_in_a_new_folder_and_leaves_no_part(file_server, tmp_path):
    path = tmp_path / "new" / "set.tar.gz"
    assert get(file_server, path) == path
    assert path.read_bytes() == BODY
    assert [p.name for p in path.parent.iterdir()] == ["set.tar.gz"]


def test_a_file_that_is_there_is_not_downloaded_again(file_server, tmp_path):
    path = tmp_path / "set.tar.gz"
    path.write_bytes(BODY)
    get(file_server, path)
    assert file_server.asked == []


def test_a_file_with_the_wrong_content_is_replaced(file_server, tmp_path):
    path = tmp_path / "set.tar.gz"
    path.write_bytes(bytes(len(BODY)))
    assert get(file_server, path).read_bytes() == BODY


def test_a_second_call_goes_on_where_the_first_one_stopped_in_defect_download_without_resume(
    file_server, tmp_path
):
    path = tmp_path / "set.tar.gz"
    part_of(path).write_bytes(BODY[:123_456])
    get(file_server, path)
    assert file_server.asked == ["bytes=123456-"]
    assert path.read_bytes() == BODY


def test_a_part_that_is_already_whole_needs_no_request(file_server, tmp_path):
    path = tmp_path / "set.tar.gz"
    part_of(path).write_bytes(BODY)
    assert get(file_server, path).read_bytes() == BODY
    assert file_server.asked == []


def test_cut_connections_are_resumed_within_one_call(file_server, tmp_path):
    block = download._BLOCK
    file_server.cuts = [3 * block, 4 * block, block + 5]
    path = get(file_server, tmp_path / "set.tar.gz")
    assert path.read_bytes() == BODY
    assert file_server.asked == [None, *(f"bytes={k * block}-" for k in (3, 7, 8))]


def test_a_server_that_ignores_range_starts_over(file_server, tmp_path):
    file_server.ranges = False
    path = tmp_path / "set.tar.gz"
    part_of(path).write_bytes(b"x" * 1000)
    assert get(file_server, path).read_bytes() == BODY


def test_a_server_that_answers_with_another_range_starts_over(file_server, tmp_path):
    file_server.shifted = True
    path = tmp_path / "set.tar.gz"
    part_of(path).write_bytes(BODY[:1000])
    assert get(file_server, path).read_bytes() == BODY
    assert file_server.asked == ["bytes=1000-", None]


def test_a_partial_answer_without_a_content_range_starts_over():
    class Response:
        headers = {}

    assert download._range_start(Response()) == -1


def test_a_part_that_is_longer_than_the_file_starts_over(file_server, tmp_path):
    path = tmp_path / "set.tar.gz"
    part_of(path).write_bytes(BODY + b"more")
    assert get(file_server, path).read_bytes() == BODY
    assert file_server.asked == [None]


def test_a_range_that_cannot_be_satisfied_starts_over_and_then_gives_up(file_server, tmp_path):
    file_server.files["/set.tar.gz"] = BODY[:1000]
    path = tmp_path / "set.tar.gz"
    part_of(path).write_bytes(BODY[:2000])
    with pytest.raises(DownloadError, match=r"of 300000 bytes arrived.*run the command again"):
        get(file_server, path, attempts=3)
    assert file_server.asked[:2] == ["bytes=2000-", None]


def test_connections_that_bring_nothing_end_in_one_clear_line_and_keep_the_part(
    file_server, tmp_path
):
    block = download._BLOCK
    file_server.cuts = [block, 0, 0, 0]
    path = tmp_path / "set.tar.gz"
    with pytest.raises(DownloadError, match=f"{block} of 300000 bytes arrived") as caught:
        get(file_server, path, attempts=3)
    assert "\n" not in str(caught.value)
    assert part_of(path).read_bytes() == BODY[:block]
    assert get(file_server, path).read_bytes() == BODY


def test_a_wrong_checksum_keeps_nothing_in_defect_download_without_checksum(file_server, tmp_path):
    path = tmp_path / "set.tar.gz"
    with pytest.raises(DownloadError, match="checksum of what arrived is not 0000"):
        get(file_server, path, md5="0" * 32)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TypeError):
        fetch(file_server.url("/set.tar.gz"), path)


def test_a_server_that_sends_too_much_keeps_nothing(file_server, tmp_path):
    file_server.files["/set.tar.gz"] = BODY + BODY
    with pytest.raises(DownloadError, match="sends more than the 300000 bytes"):
        get(file_server, tmp_path / "set.tar.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_names_the_status(file_server, tmp_path):
    with pytest.raises(DownloadError, match="the server answers 404"):
        fetch(file_server.url("/other"), tmp_path / "other", MD5, 10, progress=False)


def test_no_network_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/set.tar.gz"
    with pytest.raises(DownloadError, match="0 of 10 bytes .*refused.*Check the network") as caught:
        fetch(url, tmp_path / "set", MD5, 10, progress=False, attempts=2, pause=0)
    assert "\n" not in str(caught.value)


def test_a_disk_that_is_too_small_is_noticed_before_the_download(file_server, tmp_path):
    file_server.files["/set.tar.gz"] = BODY
    with pytest.raises(DownloadError, match="the disk is full. Make room"):
        fetch(file_server.url("/set.tar.gz"), tmp_path / "set", MD5, 1 << 60, progress=False)
    assert file_server.asked == []


def test_a_disk_that_fills_up_on_the_way_is_one_clear_line():
    full = OSError(errno.ENOSPC, "No space left on device")
    assert "the disk is full" in str(download._explain(full, download.Path("set")))


def test_a_folder_that_cannot_be_written_is_one_clear_line(file_server, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match="cannot be written .*Set CS231N_DATA_DIR"):
        get(file_server, tmp_path / "file" / "set.tar.gz")


def test_progress_is_shown_on_standard_error(file_server, tmp_path, capsys):
    file_server.files["/set.tar.gz"] = BODY
    fetch(file_server.url("/set.tar.gz"), tmp_path / "set.tar.gz", MD5, len(BODY))
    assert "set.tar.gz: 100%" in capsys.readouterr().err


def archive(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, content, *kind in members:
            member = tarfile.TarInfo(name)
            member.size, member.type = len(content), *(kind or [tarfile.REGTYPE])
            member.linkname = "/etc/passwd" if kind else ""
            tar.addfile(member, io.BytesIO(content))
    return path


def test_unpack_puts_the_folder_in_place_and_replaces_an_old_one(tmp_path):
    members = [("batches", b"", tarfile.DIRTYPE), ("batches/a.bin", b"new"), ("./batches/b", b"")]
    packed = archive(tmp_path / "a.tar.gz", members)
    (tmp_path / "batches").mkdir()
    (tmp_path / "batches" / "old").write_bytes(b"old")
    folder = unpack(packed, tmp_path / "batches")
    assert sorted(p.name for p in folder.iterdir()) == ["a.bin", "b"]
    assert (folder / "a.bin").read_bytes() == b"new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar.gz", "batches"]


@pytest.mark.parametrize(
    "member",
    [
        ("../evil", b"x"),
        ("/tmp/evil", b"x"),
        ("batches/../../evil", b"x"),
        ("batches/..", b"x"),
        ("other/a", b"x"),
        ("batches\\evil", b"x"),
        ("batches/C:evil", b"x"),
        ("batches/sub/a", b"x"),
        ("batches/dot.", b"x"),
        ("batches/link", b"", tarfile.SYMTYPE),
        ("batches/hard", b"", tarfile.LNKTYPE),
        ("batches/p", b"", tarfile.FIFOTYPE),
    ],
)
def test_unpack_refuses_what_leads_elsewhere_and_leaves_nothing(tmp_path, member):
    packed = archive(tmp_path / "a.tar.gz", [("batches/a", b"1"), member])
    with pytest.raises(DownloadError, match="is not a plain file in batches"):
        unpack(packed, tmp_path / "batches")
    assert [p.name for p in tmp_path.iterdir()] == ["a.tar.gz"]


def test_unpack_refuses_an_archive_without_the_folder(tmp_path):
    with pytest.raises(DownloadError, match="it holds no folder batches"):
        unpack(archive(tmp_path / "a.tar.gz", []), tmp_path / "batches")


def test_unpack_refuses_a_truncated_archive_and_keeps_the_old_folder(tmp_path):
    packed = archive(tmp_path / "a.tar.gz", [("batches/a", BODY)])
    packed.write_bytes(packed.read_bytes()[:100_000])
    (tmp_path / "batches").mkdir()
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        unpack(packed, tmp_path / "batches")
    assert (tmp_path / "batches").is_dir()


def test_unpack_says_that_it_cannot_write(tmp_path):
    packed = archive(tmp_path / "a.tar.gz", [("batches/a", b"1")])
    with pytest.raises(DownloadError, match="cannot be written"):
        unpack(packed, tmp_path / "missing" / "batches")


def test_a_failed_download_is_the_user_s_turn_and_still_an_os_error():
    assert issubclass(DownloadError, UserError)
    assert issubclass(DownloadError, OSError)

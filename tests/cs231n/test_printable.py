import pytest

from cs231n.printable import printable


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\nb", "a\tb", "a\u202eb", "a\ud800b", "a\x00b"])
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert printable(text).isprintable() and len(printable(text)) == len(text)
    assert printable(text, "?")[1] == "?"


def test_what_can_be_printed_stays():
    assert printable("naïve 二 x_1 = [2]") == "naïve 二 x_1 = [2]"

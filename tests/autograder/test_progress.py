"""How far a command has come is told on standard error, and what it prints stays its own."""

from autograder.progress import no_progress, progress_bar


def test_a_bar_gives_every_item_and_tells_on_standard_error_how_far_it_is(capsys):
    assert list(progress_bar("abc", total=3, desc="assignment2")) == ["a", "b", "c"]
    told = capsys.readouterr()
    assert told.out == ""
    assert "assignment2" in told.err and "3/3" in told.err and "hand-in" in told.err


def test_a_bar_counts_in_the_unit_that_it_is_given(capsys):
    list(progress_bar("ab", unit="exercise"))
    assert "exercise" in capsys.readouterr().err


def test_there_is_no_bar_where_there_is_nothing_to_do(capsys):
    assert list(progress_bar([], total=0, desc="assignment2")) == []
    assert capsys.readouterr() == ("", "")


def test_no_progress_takes_what_a_bar_takes_and_shows_nothing(capsys):
    assert list(no_progress("ab", total=2, desc="assignment2", unit="exercise")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")

import pytest

from autograder.__main__ import main


@pytest.fixture
def run(capsys):
    """A function that runs a command line: its exit code, standard output and standard error."""

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return run

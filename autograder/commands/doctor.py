"""``autograder doctor``: which sandbox this machine gives, and whether it holds."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..doctor.examine import Attempt, Report

HELP = (
    "say which sandbox this machine gives, prove it with live probes, "
    "and say how to get a better one"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments of its own."""


def run(args: argparse.Namespace) -> int:
    """Print what was tried and what it gained.

    Returns
    -------
    code : int
        0 if submissions are isolated, 1 otherwise.
    """
    from ..doctor.examine import examine

    report = examine()
    print(f"Sandbox: {report.isolation}\n")
    width = max(len(attempt.name) for attempt in report.attempts)
    print(f"{'A submission tried to':{width}}  Result")
    for attempt in report.attempts:
        print(f"{attempt.name:{width}}  {_result(attempt)}")
    print()
    for sentence in report.advice:
        print(sentence)
    print(_conclusion(report))
    return 0 if report.isolated else 1


def _result(attempt: "Attempt") -> str:
    if attempt.gained:
        return f"GAINED   {attempt.gained}"
    return f"nothing  {attempt.refused}".rstrip()


def _conclusion(report: "Report") -> str:
    if report.isolated:
        return "Submissions are isolated: none of this gained anything."
    if report.isolation == "unisolated":
        return (
            "Submissions are NOT isolated: they run with your rights. "
            "`grade` then asks for --allow-unisolated."
        )
    return "The sandbox leaks: do not grade on this machine before what says GAINED is mended."

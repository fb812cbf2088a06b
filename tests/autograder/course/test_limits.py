"""The limits of a submission: the shipped manifest shows all of them."""

import tomllib
from dataclasses import fields
from pathlib import Path

from autograder.course.limits import Limits

MANIFEST = Path(__file__).parents[3] / "assignments" / "course.toml"


def test_the_shipped_manifest_shows_every_limit_in_their_order():
    manifest = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    assert list(manifest["limits"]) == [field.name for field in fields(Limits)]


def test_every_limit_is_described():
    for field in fields(Limits):
        assert f"    {field.name} : " in Limits.__doc__

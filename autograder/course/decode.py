"""Decodes the tables of a TOML file that people write, with messages that they can act on.

The library `msgspec` checks the values. Its own messages do not name the keys of open tables, say
what came, or list the keys that exist; those of this module do.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec

MAX_NUMBER = 1_000_000

_RANGE = msgspec.Meta(gt=0, le=MAX_NUMBER)

Number = Annotated[
    Annotated[int, _RANGE] | Annotated[float, _RANGE],
    msgspec.Meta(description=f"a number above 0 and at most {MAX_NUMBER:,}"),
]
WholeNumber = Annotated[
    int,
    _RANGE,
    msgspec.Meta(description=f"a whole number above 0 and at most {MAX_NUMBER:,}"),
]

Table = TypeVar("Table")


class MalformedError(ValueError):
    """A file that is not as it must be; the text says where, what came, and what is expected."""


def decode_value(value: object, kind: Any, name: str) -> Any:
    """Check a value.

    Parameters
    ----------
    value : object
        As the file holds it.
    kind : type
        Annotated, last, with a `msgspec.Meta` whose description completes "must be ...".
    name : str
        What the message calls it.

    Returns
    -------
    value : object
        Of that type; whole numbers stay whole.

    Raises
    ------
    MalformedError
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        # The last one says what all of them ask for.
        expected = kind.__metadata__[-1].description
        raise MalformedError(f"{name} must be {expected}; got {value!r}") from None


def decode_table(table: object, kind: type[Table], name: str) -> Table:
    """Check a table and make a dataclass of it.

    Parameters
    ----------
    table : object
        As the file holds it.
    kind : type
        A dataclass whose fields are annotated as `decode_value` wants it.
    name : str
        What the message calls the table.

    Returns
    -------
    decoded : Table
        Keys that are missing have the defaults of the dataclass.

    Raises
    ------
    MalformedError
        If it is no table, or a key is unknown or has a wrong value.
    """
    fields = get_type_hints(kind, include_extras=True)
    values = {}
    for key, value in open_table(table, name).items():
        if key not in fields:
            known = ", ".join(sorted(fields))
            raise MalformedError(f"unknown key {key!r} in [{name}]; known: {known}")
        values[key] = decode_value(value, fields[key], f"{name}.{key}")
    return kind(**values)


def open_table(table: object, name: str) -> Mapping[str, Any]:
    """Return a table whose keys are free, or raise `MalformedError` where it is none."""
    if not isinstance(table, dict):
        raise MalformedError(f"{name} must be a table; got {table!r}")
    return table

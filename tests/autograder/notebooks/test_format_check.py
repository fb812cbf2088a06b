import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import RefusedError
from autograder.notebooks.format_check import MAX_DEPTH, check_notebook

NOTEBOOK = b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}'


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "not a notebook"),
        (b"[]", "no list of cells"),
        (b"{}", "no list of cells"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 100_000, "not a notebook"),
        (b'{"cells": [], "nbformat": 3}', "format is not 4"),
        (b'{"nbformat": 4, "cells": [1]}', "cell 1 is damaged"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": {}}]}', "cell 1 is damaged"),
        (b'{"nbformat": 4, "cells": [], "x": ' + b"[" * 100 + b"]" * 100 + b"}", "64 deep"),
        (b'{"nbformat": 4, "cells": [], "x": ' + b"9" * 10_000 + b"}", "not a notebook"),
        (b" " * (17 << 20), "clear its outputs"),
    ],
)
def test_damaged_notebook_is_refused(data, reason):
    with pytest.raises(RefusedError, match=reason):
        check_notebook("a.ipynb", data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: (
        st.lists(values)
        | st.dictionaries(st.sampled_from(["cells", "nbformat", "source", "cell_type"]), values)
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_notebook_or_refused(data):
    try:
        check_notebook("a.ipynb", data)
    except RefusedError as refusal:
        assert "\n" not in str(refusal)
    else:
        document = json.loads(data)
        assert document["nbformat"] == 4 and isinstance(document["cells"], list)


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "code", "source": "x = 1", "outputs": []},
        {"cell_type": "markdown", "source": ["# a\n", "b"]},
        {"cell_type": "raw", "source": []},
    ],
)
def test_an_ordinary_cell_is_taken(cell):
    check_notebook("a.ipynb", json.dumps({"nbformat": 4, "cells": [cell]}).encode())


def test_depth_is_counted_to_the_limit():
    def nested(levels):
        # The document and its list of cells are two more.
        return NOTEBOOK.replace(b"{}", b"[" * levels + b"]" * levels)

    check_notebook("a.ipynb", nested(MAX_DEPTH - 1))
    with pytest.raises(RefusedError, match=f"nested more than {MAX_DEPTH} deep"):
        check_notebook("a.ipynb", nested(MAX_DEPTH + 1))

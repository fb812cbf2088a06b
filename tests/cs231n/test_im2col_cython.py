"""The module of the original course has its three functions."""

import pytest

from cs231n import im2col_cython
from cs231n.fast import im2col_compiled


@pytest.mark.parametrize("name", ["im2col_cython", "col2im_cython", "col2im_6d_cython"])
def test_a_function_is_found_under_the_name_that_notebooks_import(name):
    assert getattr(im2col_cython, name) is getattr(im2col_compiled, name)
    assert name in im2col_cython.__all__

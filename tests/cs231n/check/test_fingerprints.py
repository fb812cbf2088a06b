"""Typical mistakes are caught and named."""

import pytest

from autograder.reference.mistakes import all_mistakes
from cs231n.check import EXERCISES, check_with
from cs231n.check.report import result_text

pytestmark = pytest.mark.process

OVERWRITTEN = "gradients overwritten where windows overlap"
WRONG_INSIDE_THE_THRESHOLDS = {
    "conv_backward_that_ignores_the_stride": "conv_backward_naive: stride ignored in backward",
    "max_pool_backward_with_plain_assignment": f"max_pool_backward_naive: {OVERWRITTEN}",
    "avg_pool_backward_with_plain_assignment": f"avg_pool_backward_naive: {OVERWRITTEN}",
    "softmax_without_max_shift": "softmax_loss: no shift by the maximum",
    "dropout_gradient_without_one_over_p": "dropout_backward: unscaled backward",
    "db_of_shape_1_m": "affine_backward: db keeps a dimension",
    "h_and_w_swapped_in_conv_forward": "conv_forward_naive: H and W swapped",
    "h_and_w_swapped_in_conv_backward": "conv_backward_naive: H and W swapped",
    "h_and_w_swapped_in_pool_forward": "max_pool_forward_naive: H and W swapped",
    "h_and_w_swapped_in_pool_backward": "max_pool_backward_naive: H and W swapped",
}


@pytest.mark.parametrize(
    "name", WRONG_INSIDE_THE_THRESHOLDS.values(), ids=WRONG_INSIDE_THE_THRESHOLDS
)
def test_check_catches_and_names_what_was_inside_the_thresholds_in_defect(tree, name):
    mistake = next(mistake for mistake in all_mistakes() if mistake.name == name)
    result = check_with(tree(mistake.changes()), EXERCISES[mistake.exercise])
    assert result.status == "fail" and result.share < 1
    assert mistake.message in result_text(result)

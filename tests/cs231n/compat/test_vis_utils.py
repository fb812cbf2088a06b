import numpy as np

from cs231n.vis_utils import vis_grid, vis_nn


def test_grid_stretches_all_images_together():
    images = np.arange(5 * 2 * 2 * 1, dtype=float).reshape(5, 2, 2, 1)
    grid = vis_grid(images)
    assert grid.shape == (9, 9, 1)
    np.testing.assert_allclose(grid[0:2, 0:2], images[0] / 19)
    np.testing.assert_allclose(grid[3:5, 3:5], images[4] / 19)
    assert (grid[2] == 0).all() and (grid[6:] == 0).all()
    assert np.isfinite(vis_grid(np.ones((3, 2, 2, 3)))).all()


def test_rows_of_neighbors_stand_below_one_another():
    images = np.linspace(0, 1, 2 * 3 * 4 * 4 * 3).reshape(2, 3, 4, 4, 3)
    grid = vis_nn(images)
    assert grid.shape == (10, 15, 3)
    np.testing.assert_allclose(grid[5:9, 10:14], images[1, 2])
    assert (grid[4] == 1).all()

"""Keywords of `FullyConnectedNet` that changed their names or their meaning over the years."""

import warnings


def net_settings(
    dropout_keep_ratio: float,
    normalization: str | None,
    dropout: float | None,
    use_batchnorm: bool | None,
) -> tuple[float, str | None]:
    """Read the keywords of all years as those of today.

    ``use_batchnorm`` is of 2016 and 2017, when ``dropout`` was the probability of *dropping* a
    unit; together they are read so. From 2018 to 2020 ``dropout`` was the probability of keeping
    one, and alone it is read so, but for 0, which can only mean no dropout and says in a warning
    how other numbers are read.

    Parameters
    ----------
    dropout_keep_ratio, normalization
        As today.
    dropout, use_batchnorm
        The older keywords; None if they are not given.

    Returns
    -------
    dropout_keep_ratio : float
    normalization : str or None
    """
    if use_batchnorm:
        normalization = "batchnorm"
    if dropout is None:
        return dropout_keep_ratio, normalization
    if use_batchnorm is not None:
        return 1 - dropout, normalization
    if dropout == 0:
        warnings.warn(
            "FullyConnectedNet: dropout=0 is the way of 2016 and 2017 to say no dropout, and is "
            "taken so. Other values of dropout are probabilities of keeping a unit, as since 2018; "
            "for the old meaning write dropout_keep_ratio=1 - dropout.",
            stacklevel=3,
        )
        return 1, normalization
    return dropout, normalization

"""Looking inside a net: what its filters, maps and gradients show.

``activations`` has filters and maps, ``saliency`` asks which pixels a score depends on,
``translation`` measures what a shift of the image changes, and ``sliding_window`` shows a
convolution at work. Functions that compute return arrays; functions that start with
``plot`` draw them and return ``fig, ax``.
"""

from .activations import activation_maps, plot_activation_maps, plot_filters
from .receptive_field import plot_receptive_fields
from .saliency import guided_backpropagation, occlusion_map, plot_saliency, saliency, saliency_map
from .sliding_window import animate_sliding_window, animation_html, plot_window
from .translation import equivariance_errors, invariance_errors, plot_translation, translate

__all__ = [
    "activation_maps",
    "animate_sliding_window",
    "animation_html",
    "equivariance_errors",
    "guided_backpropagation",
    "invariance_errors",
    "occlusion_map",
    "plot_activation_maps",
    "plot_filters",
    "plot_receptive_fields",
    "plot_saliency",
    "plot_translation",
    "plot_window",
    "saliency",
    "saliency_map",
    "translate",
]

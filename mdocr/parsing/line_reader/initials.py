"""Initials of a page that were moved into their lines, moved in its text layer too."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mdocr.inputs.text_layer import Look, TextLayer
from mdocr.preprocessing.initials import Initial


def moved(
    layer: TextLayer | None, initials: Sequence[Initial], shape: tuple[int, ...]
) -> TextLayer | None:
    """A layer with the characters of initials where they stand on a picture, [H, W, 3]."""
    if layer is None or not initials:
        return layer
    extent = np.array([shape[1], shape[0]] * 2, np.float64)
    boxes, origins, sizes = layer.boxes.copy(), layer.origins.copy(), layer.sizes.copy()
    looks = list(layer.looks)
    middles = (layer.boxes[:, :2] + layer.boxes[:, 2:]) / 2
    for one in initials:
        box, place = np.array(one.box) / extent, np.array(one.place) / extent
        own = ((middles > box[:2]) & (middles < box[2:]) & layer.shown[:, None]).all(axis=1)
        own &= layer.sizes > 0.5 * (box[3] - box[1])
        boxes[own], origins[own] = place, place[[0, 3]]
        sizes[own] *= (place[3] - place[1]) / (box[3] - box[1])
        for number in np.flatnonzero(own):
            looks[number] = Look()
    return replace(layer, boxes=boxes, origins=origins, sizes=sizes, looks=tuple(looks))

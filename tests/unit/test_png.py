"""The PNG of a figure: every pixel and the resolution, as another reader sees them."""

import io

import numpy as np
from PIL import Image
from pipeline.rendering.canvas import PNG_DPI, encode_png


def test_every_pixel_and_the_resolution_are_kept():
    pixels = np.random.default_rng(17).integers(0, 256, (7, 5, 3), np.uint8)

    with Image.open(io.BytesIO(encode_png(pixels))) as image:
        image.verify()
    with Image.open(io.BytesIO(encode_png(pixels))) as image:
        found = (image.mode, image.size, round(image.info["dpi"][0]))
        shown = np.asarray(image)

    assert found == ("RGB", (5, 7), PNG_DPI)
    assert (shown == pixels).all()

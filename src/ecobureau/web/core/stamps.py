"""The band at the foot of a photo's shared copy: when, where, for what, by whom, and the original's hash.

The original is never touched: the band stands on the copy alone. No Django here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from ecobureau.web.core.paper import fonts

_SHARE = 30
"""One line is this part of the shorter side high."""


@lru_cache(maxsize=8)
def _face(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype(str(fonts.files()[""]), size)
    except fonts.FontsMissing:
        return ImageFont.load_default(size)


def stamped(jpeg: bytes, lines: Sequence[str]) -> bytes:
    """Return a JPEG with `lines` in a dark band over its foot; small pictures get smaller letters, never wider lines.

    Args:
        jpeg: an upright JPEG without metadata. lines: texts, the first one on top; empty ones are left out.
    """
    shown = [each for each in lines if each]
    with Image.open(io.BytesIO(jpeg)) as opened:
        image = opened.convert("RGB")
    if not shown:
        return jpeg
    size = max(8, min(image.size) // _SHARE)
    face = _face(size)
    widest = max(face.getlength(each) for each in shown)
    if widest > image.width * 0.96:
        size = max(6, int(size * image.width * 0.96 / widest))
        face = _face(size)
    step, pad = round(size * 1.4), round(size * 0.5)
    band = Image.new("RGBA", (image.width, min(image.height, step * len(shown) + 2 * pad)), (0, 0, 0, 165))
    pen = ImageDraw.Draw(band)
    for place, line in enumerate(shown):
        pen.text((pad, pad + place * step), line, font=face, fill=(255, 255, 255, 255))
    image.paste(band, (0, image.height - band.height), band)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()

"""Small real files for tests."""

import io

from PIL import Image


def jpeg(colour: str = "teal", *, exif: bool = False, size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a JPEG picture; with `exif`, one taken on 2026-11-23 08:59:30 in Wuhan."""
    image, out = Image.new("RGB", size, colour), io.BytesIO()
    tags = Image.Exif()
    if exif:
        tags.get_ifd(0x8769)[0x9003] = "2026:11:23 08:59:30"
        gps = tags.get_ifd(0x8825)
        gps.update({1: "N", 2: (30.0, 36.0, 0.0), 3: "E", 4: (114.0, 18.0, 0.0)})
        tags[0x010F] = "SecretPhoneMaker"
    image.save(out, "JPEG", exif=tags)
    return out.getvalue()

"""What a file really is, and a copy of a picture that tells nothing about where it was taken. No Django here."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pillow_heif
from PIL import ExifTags, Image, ImageOps

from ecobureau.clock import BEIJING

pillow_heif.register_heif_opener()
MAX_PIXELS = 120_000_000
SHARED_SIDE = 2560
_HEIF = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
_MP4 = {
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"dash",
    b"3gp4",
    b"3gp5",
    b"MSNV",
}
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic"})
SUFFIX = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "audio/mp4": ".m4a",
    "audio/webm": ".weba",
    "audio/ogg": ".ogg",
    "application/json": ".json",
}


class Unreadable(Exception):
    """The bytes are not the picture they claim to be."""


def sniff(head: bytes) -> str | None:
    """Return the content type that the first bytes (≥ 16) prove, None for a kind that is not taken."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64]:
        return "audio/webm"
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _HEIF:
            return "image/heic"
        if brand == b"qt  ":
            return "video/quicktime"
        if brand == b"M4A ":
            return "audio/mp4"
        return "video/mp4" if brand in _MP4 or brand.startswith(b"3gp") else None
    return None


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture says of itself: `shot_at` (aware; EXIF time without zone counts as Beijing's), place; and a
    JPEG copy without any of it."""

    shot_at: datetime | None
    lon: float | None
    lat: float | None
    shared: bytes


def read_picture(path: Path) -> Picture:
    """Decode a picture wholly, read its EXIF and make the copy for display (upright, at most SHARED_SIDE a side).

    Raises:
        Unreadable: damaged, cut off, or with more pixels than MAX_PIXELS.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Unreadable("too many pixels")
            exif = image.getexif()
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((SHARED_SIDE, SHARED_SIDE))
            flat = Image.new("RGB", upright.size, "white")
            flat.paste(upright, mask=upright.getchannel("A") if upright.mode in ("RGBA", "LA") else None)
            out = io.BytesIO()
            flat.save(out, "JPEG", quality=85)
        lon, lat = _place(exif)
        return Picture(_time(exif), lon, lat, out.getvalue())
    except Unreadable:
        raise
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise Unreadable(str(error)) from error


def _time(exif: Image.Exif) -> datetime | None:
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    text = inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    zone = str(inner.get(ExifTags.Base.OffsetTimeOriginal) or "").strip("\0 ")
    if not isinstance(text, str):
        return None
    try:
        if zone:
            return datetime.strptime(f"{text.strip()}{zone}", "%Y:%m:%d %H:%M:%S%z")
        return datetime.strptime(text.strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError:
        return None


def _place(exif: Image.Exif) -> tuple[float | None, float | None]:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude]) * (-1 if gps.get(ExifTags.GPS.GPSLatitudeRef) == "S" else 1)
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude]) * (-1 if gps.get(ExifTags.GPS.GPSLongitudeRef) == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None, None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else (None, None)


def _degrees(parts: object) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)  # type: ignore[attr-defined]
    return degrees + minutes / 60 + seconds / 3600

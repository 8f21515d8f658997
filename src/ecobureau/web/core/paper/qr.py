"""QR codes: as the matrix that a paper draws, and as SVG for pages."""

from __future__ import annotations

import io

import segno


def matrix(text: str, *, error: str = "m") -> list[list[bool]]:
    """Return the dark modules of a QR code row by row, without the quiet zone (4 modules must stay free around it).

    Args:
        text: what it says, up to about 2,300 bytes. error: correction level l, m, q or h.

    Raises:
        ValueError: the text is too long for a QR code.
    """
    return [[bool(module) for module in row] for row in segno.make_qr(text, error=error).matrix]


def svg(text: str, *, error: str = "m") -> str:
    """Return a QR code as an SVG element with its quiet zone, without declaration, script or style.

    Raises:
        ValueError: the text is too long for a QR code.
    """
    buffer = io.BytesIO()
    segno.make_qr(text, error=error).save(
        buffer, kind="svg", border=4, xmldecl=False, svgns=True, omitsize=True, light="#fff", nl=False
    )
    return buffer.getvalue().decode()

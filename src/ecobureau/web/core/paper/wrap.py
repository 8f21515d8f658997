"""Breaking lines: Chinese between any two signs but not before a closing or after an opening one, Latin at spaces."""

from __future__ import annotations

import re
from collections.abc import Callable

_NOT_FIRST = set("，。、；：？！）》」』】〕〉”’％℃‰…·,.;:?!)]}%°²³⁺⁻")
_NOT_LAST = set("（《「『【〔〈“‘([{¥￥$#")
_PIECES = re.compile(r"[ \t]+|[A-Za-z0-9µμΩ₀-₉²³⁰-⁹./:@_\-+,%=&?#~*'\"\u00c0-\u024f]+|.", re.DOTALL)


def pieces(text: str) -> list[str]:
    """Return the parts between which a line may break; joined they are the text."""
    found: list[str] = []
    for piece in _PIECES.findall(text):
        glued = found and (piece[0] in _NOT_FIRST or found[-1][-1] in _NOT_LAST) and piece[0] not in " \t"
        if glued:
            found[-1] += piece
        else:
            found.append(piece)
    return found


def wrap(text: str, width: float, measure: Callable[[str], float], first: float = 0.0) -> list[str]:
    """Return the lines of a text (at least one).

    Args:
        text: line ends in it stay. width: of a line. measure: the width of a piece of text, in the same unit.
        first: indent of the first line of each paragraph.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", first
        for piece in pieces(paragraph):
            size = measure(piece)
            if line and used + size > width:
                lines.append(line.rstrip())
                line, used = "", 0.0
                if piece.isspace():
                    continue
            if size > width - used and not line:
                *full, piece = _chopped(piece, width, measure, used)
                lines += full
                size, used = measure(piece), (0.0 if full else used)
            line, used = line + piece, used + size
        lines.append(line.rstrip())
    return lines


def _chopped(piece: str, width: float, measure: Callable[[str], float], used: float) -> list[str]:
    parts, part = [], ""
    for sign in piece:
        if part and used + measure(part + sign) > width:
            parts.append(part)
            part, used = "", 0.0
        part += sign
    return [*parts, part]

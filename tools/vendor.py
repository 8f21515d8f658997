"""Copy listed front-end files from node_modules to the static folder, papers' fonts to theirs; build the icon sprite.

    python tools/vendor.py            copy what changed
    python tools/vendor.py --check    say what would be copied and fail if the folder is not up to date

Nothing else in the target folder is removed or touched. Source map references are stripped, since the static
file storage would look for the maps.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
STATIC = ROOT / "src" / "ecobureau" / "web" / "static"
TARGET = STATIC / "vendor"
FONTS = ROOT / "src" / "ecobureau" / "web" / "core" / "paper" / "vendor"
MARKS = STATIC / "eb" / "marks"
ICONS = ROOT / "tools" / "icons.txt"

FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "idiomorph/dist/idiomorph-ext.min.js": "idiomorph-ext.min.js",
    "echarts/dist/echarts.esm.min.mjs": "echarts.mjs",
    "maplibre-gl/dist/maplibre-gl.mjs": "maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre-gl.css",
    "jsqr/dist/jsQR.js": "jsqr.js",
}
FONT_FILES = {
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf": "NotoSansSC-Regular.ttf",
    "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf": "NotoSansSC-Bold.ttf",
    "@expo-google-fonts/noto-sans-sc/LICENSE_FONT": "OFL.txt",
}
SOURCE_MAP = re.compile(rb"(?://|/\*)[#@][ \t]*sourceMappingURL=[^\s*]*[ \t]*(?:\*/)?")
SVG = re.compile(r"<svg\b([^>]*)>(.*)</svg>", re.DOTALL)
FRAME = re.compile(r'<path[^>]*d="M0 0h24v24H0z"[^>]*/>')


def stripped(body: bytes) -> bytes:
    """Return a script or style sheet without its source map reference."""
    return SOURCE_MAP.sub(b"", body)


def icon_names() -> list[str]:
    """Return the names listed in tools/icons.txt, sorted and without repeats."""
    lines = (line.strip() for line in ICONS.read_text(encoding="utf-8").splitlines())
    return sorted({line for line in lines if line and not line.startswith("#")})


def symbol(name: str, text: str, *, outline: bool) -> str:
    """Return one `<symbol>` of the sprite.

    Args:
        name: id of the symbol.
        text: whole SVG file.
        outline: drawn by strokes in the colour of the text; otherwise the file's own fills count.

    Raises:
        ValueError: the text is no SVG.
    """
    found = SVG.search(text)
    if not found:
        raise ValueError(f"{name}: not an SVG file")
    box = re.search(r'viewBox="([^"]+)"', found.group(1))
    inner = " ".join(FRAME.sub("", found.group(2)).split())
    paint = (
        ' fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
        if outline
        else ' overflow="visible"'
    )
    return f'<symbol id="{name}" viewBox="{box.group(1) if box else "0 0 24 24"}"{paint}>{inner}</symbol>'


def sprite() -> bytes:
    """Return the sprite of all named icons and of our own marks.

    Raises:
        FileNotFoundError: an icon is named that the icon package does not have.
    """
    parts = []
    for name in icon_names():
        filled = name.startswith("filled/")
        path = MODULES / "@tabler/icons/icons" / (f"{name}.svg" if filled else f"outline/{name}.svg")
        if not path.exists():
            raise FileNotFoundError(f"tools/icons.txt names '{name}', which @tabler/icons does not have")
        text = path.read_text(encoding="utf-8")
        parts.append(symbol(name.replace("filled/", "filled-"), text, outline=not filled))
    for path in sorted(MARKS.glob("*.svg")):
        parts.append(symbol(f"mark-{path.stem}", path.read_text(encoding="utf-8"), outline=False))
    return ('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(parts) + "\n</svg>\n").encode()


def wanted() -> dict[Path, bytes]:
    """Return every file of the target folder with its content.

    Raises:
        FileNotFoundError: node_modules is missing or incomplete.
    """
    if not MODULES.is_dir():
        raise FileNotFoundError("node_modules is missing: run `npm ci --ignore-scripts` first (or `make setup`)")
    files = {TARGET / target: stripped((MODULES / source).read_bytes()) for source, target in FILES.items()}
    files |= {FONTS / target: (MODULES / source).read_bytes() for source, target in FONT_FILES.items()}
    files[TARGET / "icons.svg"] = sprite()
    return files


def main(arguments: list[str]) -> int:
    """Run the tool; returns the exit status."""
    try:
        files = wanted()
    except FileNotFoundError as problem:
        print(problem, file=sys.stderr)
        return 1
    changed = [path for path, body in files.items() if not path.exists() or path.read_bytes() != body]
    if "--check" in arguments:
        for path in changed:
            print(f"not up to date: {path.relative_to(ROOT)}")
        return 1 if changed else 0
    for folder in (TARGET, FONTS):
        folder.mkdir(parents=True, exist_ok=True)
    for path in changed:
        path.write_bytes(files[path])
    print(f"vendor: {len(files)} files, {len(changed)} written, {len(icon_names())} icons")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

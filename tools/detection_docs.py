"""Write the patterns of docs/reference/detection.md from the registry and the rule packs; its head is by hand.

python tools/detection_docs.py           write the page
python tools/detection_docs.py --check   fail when the page is out of step
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

from ecobureau.cli import main as ecobureau

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "detection.md"
MARK = "<!-- Made from here on by tools/detection_docs.py. -->"


def page() -> str:
    """Return the page as it should be."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = ecobureau(["--lang", "en", "detect", "--explain"])
    if code:
        raise SystemExit(code)
    body = out.getvalue().split("\n", 1)[1].lstrip("\n")
    head = PAGE.read_text(encoding="utf-8").split(MARK, 1)[0]
    return f"{head}{MARK}\n\n" + body.rstrip("\n") + "\n"


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        if PAGE.read_text(encoding="utf-8") != text:
            print(f"{PAGE.name} is out of step: run python tools/detection_docs.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

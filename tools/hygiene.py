"""What no linter sees: hosts in lock files, third-party bundles, long and large files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (
    "requirements/runtime.txt",
    "requirements/setup.txt",
    "requirements/dev.txt",
    "requirements/node.txt",
    "package-lock.json",
)
REGISTRY = re.compile(r"registry\.npmjs|files\.pythonhosted|pypi\.org|npmmirror|https?://[^\s\"]*(?:registry|simple)/")
LONGEST = 500
LARGEST = 1_000_000


def tracked() -> Iterator[Path]:
    """Yield the files of the checkout that Git does not ignore; needs no Git, so a bare copy can be checked too."""
    ignored = GitIgnoreSpec.from_lines((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())
    for folder, below, names in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        below[:] = [name for name in below if name != ".git" and not ignored.match_file(f"{(here / name).as_posix()}/")]
        yield from (ROOT / here / name for name in names if not ignored.match_file((here / name).as_posix()))


def problems() -> list[str]:
    found: list[str] = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if path.stat().st_size > LARGEST:
            found.append(f"{name}: {path.stat().st_size} bytes, too large for the repository")
        if re.search(r"\.min\.(m?js|css)$|(^|/)vendor/|node_modules/", name):
            found.append(f"{name}: a third-party bundle does not belong in the repository")
        if name in LOCKS and REGISTRY.search(path.read_text(encoding="utf-8")):
            found.append(f"{name}: names a registry host")
        if name.endswith(".py") and "/migrations/" not in name and name.startswith("src/"):
            lines = path.read_text(encoding="utf-8").count("\n")
            if lines > LONGEST:
                found.append(f"{name}: {lines} lines; split it by noun or verb")
    return found


def main() -> int:
    found = problems()
    print("\n".join(found) or "the repository is clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""The catalogue of words: extract, translate, check, compile.

python tools/messages.py update        extract all source texts into the English catalogue, keep what is translated
python tools/messages.py set FILE.json fill in translations from {"中文": "English"}; plural: {"中文": ["one", "many"]}
python tools/messages.py check         fail on missing, empty or fuzzy English, or a catalogue out of step
python tools/messages.py compile       write the .mo file
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "ecobureau"
PO = SOURCE / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
KEPT = {"中文"}
"""Texts that stay Chinese in English: the language's own name."""
CHINESE = re.compile(r"[\u3400-\u9fff]")


def _template_source(path: Path) -> bytes:
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=True)
        django.setup()
    from django.utils.translation.template import templatize

    text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    # What is left of the markup would count as indentation for Python's tokenizer.
    return "\n".join(line.lstrip() for line in text.split("\n")).encode()


def _messages() -> Iterator[tuple[str, int, object, list[str], str | None]]:
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or {"static", "node_modules", "staticfiles"} & set(path.parts):
            continue
        if path.suffix != ".py" and "templates" not in path.parts:
            continue
        body = path.read_bytes() if path.suffix == ".py" else _template_source(path)
        for line, message, comments, context in extract(
            "python", io.BytesIO(body), keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            yield path.relative_to(ROOT).as_posix(), line, message, comments, context


def extracted() -> Catalog:
    """Return a catalogue of every source text in the program, without translations."""
    found = Catalog(locale="en", project="ecobureau", charset="utf-8", fuzzy=False)
    for place, _line, message, _comments, context in _messages():
        flags = ("python-brace-format",) if "{" in str(message) and "%(" not in str(message) else ()
        found.add(message, locations=[(place, 0)], context=context, flags=flags)
    return found


def committed() -> Catalog:
    """Return the catalogue as it stands in the repository."""
    if not PO.exists():
        return Catalog(locale="en", charset="utf-8")
    with PO.open("rb") as lines:
        return read_po(lines, locale="en")


def _merge() -> Catalog:
    before, fresh = committed(), extracted()
    for message in fresh:
        if message.id and (old := before.get(message.id, context=message.context)) is not None:
            message.string = old.string
    return fresh


def _write(catalogue: Catalog) -> None:
    PO.parent.mkdir(parents=True, exist_ok=True)
    catalogue.revision_date = catalogue.creation_date = datetime(2026, 1, 1, tzinfo=UTC)
    out = io.BytesIO()
    write_po(out, catalogue, sort_output=True, omit_header=False, width=0, include_lineno=False)
    new = PO.with_suffix(f".{os.getpid()}.new")
    new.write_bytes(out.getvalue())
    new.replace(PO)


@contextmanager
def _locked() -> Iterator[None]:
    with (ROOT / "tools" / "messages.py").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _is_empty(string: object) -> bool:
    return not string or (isinstance(string, (list, tuple)) and not all(string))


def update() -> int:
    with _locked():
        catalogue = _merge()
        _write(catalogue)
    missing = [message.id for message in catalogue if message.id and _is_empty(message.string)]
    print(f"{len(catalogue)} texts, {len(missing)} without English")
    for text in missing:
        print(json.dumps(text, ensure_ascii=False))
    return 0


def fill(path: str) -> int:
    given: dict[str, str | list[str]] = json.loads(Path(path).read_text(encoding="utf-8"))
    with _locked():
        catalogue = _merge()
        unknown = dict(given)
        for message in catalogue:
            text = message.id[0] if isinstance(message.id, (list, tuple)) else message.id
            if text in given:
                english = given[text]
                message.string = tuple(english) if isinstance(english, list) else english
                unknown.pop(text, None)
        _write(catalogue)
    for text in unknown:
        print(f"not a source text: {text}")
    return 0


def check() -> int:
    catalogue, fresh = committed(), extracted()
    wrong: list[str] = []
    known = {
        (message.id if isinstance(message.id, str) else message.id[0], message.context)
        for message in catalogue
        if message.id
    }
    for message in fresh:
        if not message.id:
            continue
        text = message.id if isinstance(message.id, str) else message.id[0]
        if (text, message.context) not in known:
            wrong.append(f"not in the catalogue: {text!r} ({message.locations[0][0]})")
    for message in catalogue:
        if not message.id:
            continue
        text = message.id if isinstance(message.id, str) else message.id[0]
        if fresh.get(message.id, context=message.context) is None:
            wrong.append(f"no longer used: {text!r}")
        elif _is_empty(message.string):
            wrong.append(f"no English: {text!r}")
        elif message.fuzzy:
            wrong.append(f"fuzzy: {text!r}")
        elif isinstance(message.string, str) and _fields(text) != _fields(message.string):
            wrong.append(f"other placeholders in English: {text!r}")
        elif isinstance(message.string, str) and CHINESE.search(message.string) and text not in KEPT:
            wrong.append(f"Chinese in the English text: {text!r}")
    print("\n".join(wrong) or f"{len(catalogue)} texts, all in both languages")
    return 1 if wrong else 0


def _fields(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|\{\w+", text))


def compile_catalogue() -> int:
    with PO.with_suffix(".mo").open("wb") as out:
        write_mo(out, committed())
    return 0


def main(words: list[str]) -> int:
    match words:
        case ["update"]:
            return update()
        case ["set", path]:
            return fill(path)
        case ["check"]:
            return check()
        case ["compile"]:
            return compile_catalogue()
    print(__doc__)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

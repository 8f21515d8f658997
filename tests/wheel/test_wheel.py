"""The wheel, as somebody installs it: everything the program needs is in it. Needs what `make setup` makes."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.helpers import migrated
from supervisor.test_up import Bureau

ROOT = Path(__file__).resolve().parents[2]
STATIC = re.compile(r'(?:href|src)="(/static/[^"#?]+)')


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The wheel's content, without the checkout: what pip would put into site-packages."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def installed(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    monkeypatch.delenv("ECOBUREAU_STATIC_ROOT", raising=False)
    migrated(tmp_path / "data")
    made = Bureau(tmp_path / "data")
    made.start(PYTHONPATH=str(site))
    yield made
    made.end()


def test_the_wheel_holds_every_file_of_the_package(site: Path) -> None:
    source = ROOT / "src" / "ecobureau"
    told = {path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    held = {path.relative_to(site / "ecobureau") for path in (site / "ecobureau").rglob("*")}
    assert not told - held
    assert {Path("py.typed"), Path("web/staticfiles/staticfiles.json")} <= held


def test_the_wheel_runs_and_serves_its_pages(site: Path, installed: Bureau) -> None:
    installed.ready()
    child, *_rest = installed.processes()
    assert str(site).encode() in Path(f"/proc/{child}/environ").read_bytes()
    base = f"http://127.0.0.1:{installed.web}"
    with urllib.request.urlopen(f"{base}/accounts/login/", timeout=60) as answer:  # noqa: S310
        assert answer.status == 200
        addresses = set(STATIC.findall(answer.read().decode()))
    assert any(address.endswith(".css") for address in addresses)
    assert any("/vendor/" in address for address in addresses)
    for address in addresses:
        with urllib.request.urlopen(base + address, timeout=60) as answer:  # noqa: S310
            assert answer.status == 200, address
    assert installed.process is not None
    installed.process.terminate()
    assert installed.process.wait(120) == 0, installed.log.read_text()[-4000:]

"""What a process loads before it can work: libraries of papers, names and statistics come when they are asked."""

from __future__ import annotations

import os
import subprocess
import sys

LATE = ("fontTools", "fpdf", "matplotlib", "pypinyin", "scipy.stats", "sklearn")
SCRIPT = "import django, sys; django.setup(); import ecobureau.web.urls; print(*sys.modules)"


def test_a_start_does_not_load_what_few_processes_need() -> None:
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "ecobureau.web.settings", "ECOBUREAU_SECRET_KEY": "x" * 50}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "ecobureau.web.detection.services" in loaded
    assert not loaded.intersection(LATE)

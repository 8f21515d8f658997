"""Fail when a model and the migrations differ. Works without a database."""

from __future__ import annotations

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecobureau.web.settings")
    import django

    django.setup()
    from django.utils import translation

    translation.deactivate_all()
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState

    loader = MigrationLoader(None)
    conflicts = loader.detect_conflicts()
    changes = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(graph=loader.graph)
    ours = {label for label in changes if apps.get_app_config(label).name.startswith("ecobureau.")}
    for label in sorted(ours):
        for migration in changes[label]:
            for operation in migration.operations:
                print(f"{label}: {operation.describe()}")
    for app, names in conflicts.items():
        print(f"{app}: two last migrations: {', '.join(sorted(names))}")
    if not ours and not conflicts:
        print("migrations are in step with the models")
    return 1 if ours or conflicts else 0


if __name__ == "__main__":
    sys.exit(main())

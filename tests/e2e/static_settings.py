"""For collecting static files in tests: the product's hashed names without its compression, which takes long."""

from ecobureau.web.settings import *  # noqa: F403

STORAGES = STORAGES | {  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
}

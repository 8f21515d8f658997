"""The product's settings in a data folder of their own. Environment first: settings read it when they are imported."""

import os
import tempfile

if "EB_TEST_HOME" not in os.environ:
    os.environ["EB_TEST_HOME"] = tempfile.mkdtemp(prefix="eb-home-")
os.environ["ECOBUREAU_DATA"] = os.environ["EB_TEST_HOME"]
os.environ["ECOBUREAU_NO_POOL"] = "1"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
for _name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
    os.environ.pop(_name, None)

from ecobureau.web.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

"""Django settings. Everything that differs between installations comes from the environment."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from ecobureau.config import data_dir, demo
from ecobureau.web.settings_parts import database, django_secret

BASE_DIR = Path(__file__).resolve().parent
PACKAGE_DIR = BASE_DIR.parent

SECRET_KEY = django_secret()
DEBUG = False
DEMO = demo()
ALLOWED_HOSTS = [host for host in os.environ.get("ECOBUREAU_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if host]
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("ECOBUREAU_ORIGINS", "").split(",") if origin]
CITY_NAME = os.environ.get("ECOBUREAU_CITY", "武汉市")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "procrastinate.contrib.django",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "ecobureau.web.core",
    "ecobureau.web.accounts",
    "ecobureau.web.places",
    "ecobureau.web.messages",
    "ecobureau.web.sources",
    "ecobureau.web.telemetry",
    "ecobureau.web.statistics",
    "ecobureau.web.clues",
    "ecobureau.web.detection",
    "ecobureau.web.dispatch",
    "ecobureau.web.outfalls",
    "ecobureau.web.rectification",
    "ecobureau.web.remote_stop",
    "ecobureau.web.figures",
    "ecobureau.web.handover",
    "ecobureau.web.desk",
]

MIDDLEWARE = [
    "ecobureau.web.core.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "ecobureau.web.accounts.keys.door.KeyMiddleware",
    "ecobureau.web.core.middleware.ViewerMiddleware",
    "ecobureau.web.accounts.middleware.TemporaryPasswordMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ecobureau.web.urls"
WSGI_APPLICATION = "ecobureau.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE_DIR / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ecobureau.web.shell.context.shell",
            ],
        },
    }
]
SHELL_HOOKS: dict[str, str] = {
    "feeds": "ecobureau.web.desk.hooks.feeds",
    "shift": "ecobureau.web.desk.hooks.shift",
    "counts": "ecobureau.web.desk.hooks.counts",
    "unread": "ecobureau.web.core.notices.unread",
    "demo_people": "ecobureau.demo.accounts.for_login_page",
}
"""What the frame of the pages asks of higher rooms, by dotted path; see `ecobureau.web.shell.hooks`."""
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "ecobureau.web.accounts.validators.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "ecobureau.web.accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login_failed": "1000/m/ip"}
"""Failed logins are counted by axes, in the database and for all processes; this is only a dam."""
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "ecobureau"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "ecobureau.web.accounts.lockout.username_of"
AXES_CLIENT_IP_CALLABLE = "ecobureau.web.core.middleware.client_ip"
AXES_LOCKOUT_CALLABLE = "ecobureau.web.accounts.lockout.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE_DIR / "locale"]
FORMAT_MODULE_PATH = ["ecobureau.web.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("ECOBUREAU_STATIC_ROOT", PACKAGE_DIR / "web" / "staticfiles"))
STATICFILES_DIRS = [PACKAGE_DIR / "web" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = data_dir() / "media"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_behind_tls = os.environ.get("ECOBUREAU_TLS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _behind_tls
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _behind_tls else None
SECURE_HSTS_SECONDS = 31536000 if _behind_tls else 0

MESSAGE_HOSTS = [host.strip() for host in os.environ.get("ECOBUREAU_MESSAGE_HOSTS", "").split(",") if host.strip()]
"""Hosts that messages may be sent to (webhooks, mail server); none by default. See `messages.channels.outbound`."""
SMS_SENDER = os.environ.get("ECOBUREAU_SMS_SENDER", "ecobureau.web.messages.channels.sms.to_file")
VOICE_SENDER = os.environ.get("ECOBUREAU_VOICE_SENDER", "")
"""Function that places voice calls, by dotted path; empty = people call. See `remote_stop.voice`."""
VOICE_URL = os.environ.get("ECOBUREAU_VOICE_URL", "")
PUBLIC_URL = os.environ.get("ECOBUREAU_URL", "")
DISPATCH_PHONE = os.environ.get("ECOBUREAU_DISPATCH_PHONE", "")
"""Number of the dispatch desk that the phone pages offer to call; empty: none is offered."""
"""Address of the office pages as people open them, for links in messages; empty = messages carry no link."""

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ecobureau.web.accounts.keys.door.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "ecobureau.web.core.api.on_error",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {"TITLE": "ecobureau", "VERSION": "0.1.0", "SERVE_INCLUDE_SCHEMA": False}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {name: {"level": "WARNING"} for name in ("axes", "procrastinate.periodic", "procrastinate.blueprints")},
    "root": {"handlers": ["console"], "level": os.environ.get("ECOBUREAU_LOG_LEVEL", "INFO")},
}

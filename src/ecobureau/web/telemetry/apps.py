from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TelemetryConfig(AppConfig):
    name = "ecobureau.web.telemetry"
    label = "telemetry"
    verbose_name = _("监测数据")
    default_auto_field = "django.db.models.BigAutoField"

"""Two-step verification: switched on by oneself, asked for at the next sign-in, a wrong code stays out."""

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache

from ecobureau.web.core.models import Audit
from web.people import person

pytestmark = pytest.mark.django_db
SECRET = "korrekt-pferd-batterie"


def code(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_the_second_factor_is_asked_for(client, db):
    cache.clear()
    user = person("zhang", ("duty_officer", "/wuhan/"), password=SECRET)
    client.post("/accounts/login/", {"login": "zhang", "password": SECRET})
    again = client.get("/accounts/2fa/totp/activate/")
    assert again.url.startswith("/accounts/reauthenticate/") and client.get(again.url).status_code == 200
    client.post(again.url, {"password": SECRET})
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    secret = page.context["form"].secret
    assert secret in re.sub(r"\s", "", page.content.decode())
    assert client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}).status_code == 302
    client.post("/accounts/logout/")
    first = client.post("/accounts/login/", {"login": "zhang", "password": SECRET})
    assert first.url.startswith("/accounts/2fa/authenticate/") and "_auth_user_id" not in client.session
    assert client.get(first.url).status_code == 200
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200 and "_auth_user_id" not in client.session
    cache.clear()
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert client.session["_auth_user_id"] == str(user.pk)
    assert Audit.objects.filter(what="login").count() == 2

"""The context every page has: `eb`, worked out only as far as the page asks."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from ecobureau import clock
from ecobureau.web.shell import hooks, keymap, navigation
from ecobureau.web.shell.words import ISLAND_WORDS

THEME_COOKIE = "eb_theme"
LARGE_COOKIE = "eb_large"
DEFAULT_CITY = gettext_noop("武汉市")
NIGHT_STARTS, NIGHT_ENDS = 18, 6
_DAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

MODULES = {
    "eb/words": "eb/js/words.js",
    "eb/clock": "eb/js/clock.js",
    "eb/live": "eb/js/live.js",
    "eb/presence": "eb/js/presence.js",
    "eb/map-time": "eb/js/map-time.js",
    "eb/map-controls": "eb/js/map-controls.js",
    "eb/alarm": "eb/js/alarm.js",
    "eb/outline": "eb/js/outline.js",
    "eb/keys": "eb/js/keys.js",
    "eb/chart": "eb/js/chart.js",
    "eb/chart-data": "eb/js/chart-data.js",
    "eb/chart-option": "eb/js/chart-option.js",
    "eb/figure": "eb/js/figure.js",
    "eb/figure-option": "eb/js/figure-option.js",
    "eb/plot": "eb/js/plot.js",
    "eb/map": "eb/js/map.js",
    "eb/map-marks": "eb/js/map-marks.js",
    "eb/photo": "eb/js/photo.js",
    "eb/queue": "eb/js/queue.js",
    "eb/visit": "eb/js/visit.js",
    "eb/voice": "eb/js/voice.js",
    "jsqr": "vendor/jsqr.js",
    "echarts": "vendor/echarts.mjs",
    "maplibre-gl": "vendor/maplibre-gl.mjs",
    "maplibre-gl-worker": "vendor/maplibre-gl-worker.mjs",
    "maplibre-gl.css": "vendor/maplibre-gl.css",
}


class Shell:
    """What the frame of a page shows."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    @cached_property
    def theme(self) -> str:
        """`light` or `dark`: the person's choice, else that of this browser, else dark in the hours of the night."""
        given = getattr(self.request, "eb_theme", "")
        if given:
            return str(given)
        own = getattr(self.request.user, "theme", "auto") if self.signed_in else "auto"
        chosen = own if own != "auto" else self.request.COOKIES.get(THEME_COOKIE, "")
        if chosen in ("light", "dark"):
            return chosen
        hour = self.now.astimezone(clock.BEIJING).hour
        return "dark" if hour >= NIGHT_STARTS or hour < NIGHT_ENDS else "light"

    @property
    def dark(self) -> bool:
        return self.theme == "dark"

    @property
    def sound(self) -> bool:
        """Whether the person wants to hear of new red clues."""
        return bool(getattr(self.request.user, "sound", False)) if self.signed_in else False

    @cached_property
    def keys(self) -> list[keymap.Key]:
        """The single-letter keys with the letters the person gave them."""
        return keymap.of(getattr(self.request.user, "keys", {}) if self.signed_in else {})

    @property
    def keys_json(self) -> str:
        """What the script needs of `keys`: letter of the house → letter of the person, where they differ."""
        return json.dumps({key.letter: key.own for key in self.keys if key.own != key.letter})

    @property
    def large(self) -> bool:
        if self.signed_in:
            return bool(getattr(self.request.user, "large_type", False))
        return self.request.COOKIES.get(LARGE_COOKIE) == "1"

    @property
    def lang(self) -> str:
        return "en" if (get_language() or "").startswith("en") else "zh"

    @property
    def html_lang(self) -> str:
        return "en" if self.lang == "en" else "zh-Hans"

    @property
    def other_lang(self) -> str:
        return "zh-hans" if self.lang == "en" else "en"

    @property
    def city(self) -> str:
        return _(settings.CITY_NAME)

    @property
    def demo(self) -> bool:
        return bool(settings.DEMO)

    @property
    def date_words(self) -> str:
        here = self.now.astimezone(clock.BEIJING)
        if self.lang == "en":
            return here.strftime("%a %d %b")
        return f"{here.month}月{here.day}日 {_DAYS[here.weekday()]}"

    @property
    def time_words(self) -> str:
        return self.now.astimezone(clock.BEIJING).strftime("%H:%M")

    @cached_property
    def viewer(self) -> Any:
        return getattr(self.request, "viewer", None)

    @property
    def signed_in(self) -> bool:
        user = getattr(self.request, "user", None)
        return bool(user and user.is_authenticated)

    @property
    def who(self) -> str:
        return str(self.request.user) if self.signed_in else ""

    @cached_property
    def roles(self) -> tuple[str, ...]:
        return tuple(str(grant.role) for grant in self.viewer.grants) if self.viewer is not None else ()

    @cached_property
    def shift(self) -> str:
        return hooks.ask("shift", self.viewer, default="") if self.signed_in else ""

    @cached_property
    def feeds(self) -> hooks.Feeds | None:
        return hooks.ask("feeds", self.viewer) if self.signed_in else None

    @cached_property
    def rail(self) -> navigation.Rail:
        if not self.signed_in:
            return navigation.Rail()
        counts = hooks.ask("counts", self.viewer, default={})
        return navigation.rail(self.roles, self.request.path, counts)

    @cached_property
    def unread(self) -> int:
        return int(hooks.ask("unread", self.viewer, default=0)) if self.signed_in else 0

    @cached_property
    def search_url(self) -> str:
        try:
            return reverse("core:search")
        except NoReverseMatch:
            return ""

    @property
    def words(self) -> dict[str, str]:
        return {key: str(text) for key, text in ISLAND_WORDS.items()}

    @cached_property
    def importmap_json(self) -> str:
        """The import map of this release; addresses made by us, so that nothing needs escaping but `<`."""
        imports = {name: static(path) for name, path in MODULES.items()}
        return mark_safe(json.dumps({"imports": imports}).replace("<", "\\u003c"))

    @property
    def demo_people(self) -> list[hooks.DemoPerson]:
        return hooks.ask("demo_people", default=[]) if self.demo else []


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `eb` in every template."""
    return {"eb": Shell(request)}

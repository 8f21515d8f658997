"""From what was handed in to the columns of a new outfall: place, code, responsible firm; for one and for thousands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecobureau.domain.geo import to_wgs84
from ecobureau.domain.outfalls import CodeRule, OutfallCode
from ecobureau.web.outfalls import selectors
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.places.locating import Locator, division_codes
from ecobureau.web.places.problems import Invalid, Problem, invalid

_TEXTS = (
    "water",
    "function_zone",
    "water_class",
    "size",
    "pollutants",
    "limits",
    "owner_name",
    "private_owner",
    "contact",
    "approval_number",
    "permit_number",
    "problem",
)


class Drafter:
    """Checks and completes new outfalls one after the other; keeps in mind which codes are given away."""

    def __init__(self, known: Mapping[str, str], serials: Mapping[str, int]) -> None:
        """Begin with the codes that are taken (code → name) and the last serial number of each division."""
        self.rule: CodeRule = selectors.code_rule()
        self.day = selectors.today()
        self.kinds = selectors.kinds(self.day)
        self.locator = Locator(self.day)
        self.divisions = division_codes()
        self.known = dict(known)
        self.serials = dict(serials)

    def fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of a new outfall.

        Args:
            given: `title`, `kind_code`, `water`, `lon`, `lat`, and any other column; `system` of the coordinates;
                `code` where it has one already.

        Raises:
            Invalid: what is wrong, field by field.
        """
        values = {name: value for name, value in given.items() if value not in (None, "")}
        problems: list[Problem] = []
        kind = str(values.get("kind_code", ""))
        if kind not in self.kinds:
            listed = "、".join(f"{name}（{letters}）" for letters, name in self.kinds.items())
            problems.append(Problem("kind_code", "outfall.kind.unknown", {"value": kind, "choices": listed}))
        problems += [
            Problem(name, "registry.too_long", {"length": len(str(values[name])), "most": most})
            for name in ("title", *_TEXTS)
            if name in values
            and len(str(values[name])) > (most := getattr(Outfall._meta.get_field(name), "max_length", None) or 0)
        ]
        place: dict[str, Any] = {}
        try:
            place = self._place(values.pop("lon", None), values.pop("lat", None), str(values.pop("system", "wgs84")))
        except Invalid as error:
            problems += error.problems
        if problems:
            raise Invalid(*problems)
        code = self._code(str(values.pop("code", "")), kind, str(values["title"]), place)
        return {
            **values,
            **place,
            "code": self.rule.write(code),
            "division": code.division,
            "level": self._level(values),
        }

    @staticmethod
    def _level(values: Mapping[str, Any]) -> str:
        """A new outfall inside a protected zone of drinking water is urgent: it may not be there at all."""
        return "red" if values.get("protected") else "yellow" if values.get("problem") else "blue"

    def _place(self, lon: Any, lat: Any, system: str) -> dict[str, Any]:
        if lon is None or lat is None:
            raise invalid("lon" if lon is None else "lat", "outfall.place.missing")
        try:
            east, north = to_wgs84(float(lon), float(lat), system)
        except ValueError as error:
            raise invalid("lon", "registry.place", lon=lon, lat=lat) from error
        found = self.locator.locate(east, north)
        if not found.org_path:
            raise invalid("lon", "registry.place.outside", lon=lon, lat=lat)
        return {
            "lon": round(east, 7),
            "lat": round(north, 7),
            "org_path": found.org_path,
            "grid": found.grid,
        }

    def _code(self, text: str, kind: str, title: str, place: Mapping[str, Any]) -> OutfallCode:
        if not text:
            return self._next(kind, title, str(place["org_path"]))
        code = self.rule.read(text)
        if code is None:
            example = self.rule.write(OutfallCode("420102", 1, kind))
            raise invalid("code", "outfall.code.form", value=text, example=example)
        if code.kind != kind:
            raise invalid("code", "outfall.code.kind", value=text, inside=code.kind, kind=kind)
        if text in self.known:
            raise invalid("code", "outfall.code.taken", value=text, name=self.known[text])
        self._give(code, title)
        return code

    def _next(self, kind: str, title: str, path: str) -> OutfallCode:
        above = [
            "/" + "/".join(path.strip("/").split("/")[:depth]) + "/" for depth in range(path.count("/") - 1, 0, -1)
        ]
        division = next((self.divisions[each] for each in above if each in self.divisions), "")
        if len(division) != 6:
            raise invalid("code", "outfall.code.division")
        serial = self.serials.get(division, 0) + 1
        if serial > self.rule.last_serial:
            raise invalid("code", "outfall.code.full", division=division)
        code = OutfallCode(division, serial, kind)
        self._give(code, title)
        return code

    def _give(self, code: OutfallCode, title: str) -> None:
        self.known[self.rule.write(code)] = title
        self.serials[code.division] = max(self.serials.get(code.division, 0), code.serial)


def _longest(name: str) -> int:
    """Return how many characters a column takes."""
    return int(getattr(Outfall._meta.get_field(name), "max_length", None) or 0)

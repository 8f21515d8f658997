"""The public page of a code, the file it leads staff to, and the register of outfalls, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from playwright.sync_api import Page, expect

from e2e.helpers import assert_accessible, no_sideways, shot
from ecobureau.domain.credit_code import check_letter
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.outfalls import services as outfalls
from ecobureau.web.places import services as places
from ecobureau.web.sources import codes
from ecobureau.web.sources import services as sources
from web.people import person

SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
BODY = "91420100MA4KABCD1"


def test_from_a_sign_to_the_file_and_back(page: Page, phone: Page, sign_in: Callable[..., None]) -> None:
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市")
    unit = places.make_organisation(
        SYSTEM, parent=top, code="jiangan", level="district", name="江岸区", division_code="420102"
    )
    places.set_area(SYSTEM, unit, SQUARE, valid_from=date(2020, 1, 1))
    sources.sync_factors(SYSTEM)
    firm = sources.make_enterprise(
        SYSTEM, code=BODY + check_letter(BODY), name="江北印染有限公司", lon=114.4, lat=30.5, permit_number="P-1"
    )
    outlet = sources.make_outlet(SYSTEM, firm, code="DW001", name="废水总排口", medium="water")
    for factor, value, unit_of in (("w01018", "80", "mg/L"), ("w21003", "10", "mg/L")):
        sources.set_limit(
            SYSTEM, outlet, factor, value=value, source="排污许可证", valid_from=date(2026, 1, 1), unit=unit_of
        )
    fall = outfalls.register(
        SYSTEM, title="江北印染入河口", kind_code="GY", water="府河", lon=114.4, lat=30.5, firm=firm.code, outlet=outlet
    )
    found = codes.of("outlet", outlet.pk)
    assert found is not None
    scanned = f"/c/{codes.spaced(found.code)}/"

    phone.goto("/c/")
    phone.get_by_label("标牌上的码").fill(found.code.lower())
    assert_accessible(phone)
    no_sideways(phone)
    shot(phone, "code-type-phone")
    phone.get_by_role("button", name="查看").click()
    expect(phone.get_by_role("heading", name="废水总排口")).to_be_visible()
    expect(phone.get_by_role("link", name="拨打 12345")).to_be_visible()
    assert_accessible(phone)
    no_sideways(phone)
    shot(phone, "code-public-phone")

    duty = person("duty", ("administrator", "/wuhan/"), ("duty_officer", "/wuhan/"))
    sign_in(page, duty)
    page.goto(scanned)
    expect(page.get_by_role("link", name="在此报线索")).to_be_visible()
    assert_accessible(page)
    shot(page, "file-outlet")
    for address, name in (
        (f"/outlets/{outlet.pk}/?tab=all", "file-outlet-all"),
        (f"/firms/{firm.pk}/", "file-firm"),
        (f"/outfalls/{fall.number}/", "outfall"),
        ("/outfalls/", "outfall-list"),
        (f"/codes/outlet/{outlet.pk}/", "code"),
        ("/codes/sheet/", "code-sheet"),
    ):
        page.goto(address)
        assert_accessible(page)
        no_sideways(page)
        shot(page, name)
    sign_in(phone, duty)
    for address, name in ((scanned, "file-outlet-phone"), (f"/outfalls/{fall.number}/", "outfall-phone")):
        phone.goto(address)
        assert_accessible(phone)
        no_sideways(phone)
        shot(phone, name)

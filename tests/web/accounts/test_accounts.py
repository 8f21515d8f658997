"""Signing in, lock-out, people and roles: who may, what is audited, what a refusal leaves alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from ecobureau.clock import ManualClock, now, use_clock
from ecobureau.web.accounts import selectors, services
from ecobureau.web.accounts.models import Assignment, User
from ecobureau.web.core.access import SYSTEM, viewer_of
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from web.people import give, person, viewer

pytestmark = pytest.mark.django_db
SECRET = "korrekt-pferd-batterie"


@pytest.fixture
def admin(db):
    return person("admin", ("administrator", "/wuhan/"))


def sign_in(client, name, secret):
    return client.post("/accounts/login/", {"login": name, "password": secret})


def audited(what):
    return Audit.objects.filter(what=what).count()


def test_sign_in_and_out_are_audited(client, db):
    user = person("zhang", ("duty_officer", "/wuhan/"), password=SECRET)
    assert sign_in(client, "zhang", SECRET).status_code == 302
    assert Audit.objects.get(what="login").actor_id == user.pk
    client.post("/accounts/logout/")
    assert Audit.objects.get(what="logout").actor_id == user.pk


def test_five_failures_lock_out_and_say_so(client, db):
    cache.clear()
    person("zhang", password=SECRET)
    for _ in range(4):
        assert sign_in(client, "zhang", "wrong").status_code == 200
    locked = sign_in(client, "zhang", "wrong")
    assert locked.status_code == 429 and "15 分钟" in locked.content.decode()
    right = sign_in(client, "zhang", SECRET)
    assert right.status_code == 429 and "_auth_user_id" not in client.session
    assert audited("lock_out") >= 1 and audited("login") == 0
    other = person("li", password=SECRET)
    assert sign_in(client, "li", SECRET).status_code == 302 and client.session["_auth_user_id"] == str(other.pk)


def test_a_reset_ends_the_lock_out_and_asks_for_a_new_password(client, admin):
    cache.clear()
    user = person("zhang", ("duty_officer", "/wuhan/"), password=SECRET)
    for _ in range(6):
        sign_in(client, "zhang", "wrong")
    secret = services.reset_password(viewer_of(admin), user)
    assert sign_in(client, "zhang", secret).status_code == 302
    kept_out = client.get("/users/")
    assert kept_out.status_code == 302 and kept_out.url == "/accounts/password/change/"
    client.post("/accounts/password/change/", {"oldpassword": secret, "password1": SECRET, "password2": SECRET})
    user.refresh_from_db()
    assert not user.must_change_password and user.check_password(SECRET) and audited("password_change") == 1


def test_nobody_signs_up_alone(client, db):
    client.post("/accounts/signup/", {"username": "eve", "password1": SECRET, "password2": SECRET})
    assert not User.objects.filter(username="eve").exists()


def test_a_forgotten_password_is_a_matter_for_the_administrator(client, db):
    page = client.get("/accounts/password/reset/").content.decode()
    assert "请本单位的管理员" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


def test_a_password_too_short_is_refused_in_chinese(client, db):
    client.force_login(person("lin", ("duty_officer", "/wuhan/"), password=SECRET))
    given = {"oldpassword": SECRET, "password1": "kurz-9", "password2": "kurz-9"}
    page = client.post("/accounts/password/change/", given).content.decode()
    assert "密码太短，至少要 10 个字符。" in page
    assert User.objects.get(username="lin").check_password(SECRET)


def test_the_second_factor_is_on_offer(client, db):
    client.force_login(person("zhang", ("duty_officer", "/wuhan/")))
    assert client.get("/accounts/2fa/").status_code in (200, 302)


def test_an_administrator_makes_people_and_roles(client, admin):
    client.force_login(admin)
    made = client.post("/users/new/", {"username": "wang", "name": "王伟", "phone": "", "certificate": "鄂1"})
    user = User.objects.get(username="wang")
    assert made.status_code == 200 and user.name_sort == "wang wei" and user.must_change_password
    assert "no-store" in made.headers["Cache-Control"]
    services.assign(viewer_of(admin), user, "grid_worker", "/wuhan/jiangan/", grid_ids=["/wuhan/jiangan/g1/"])
    (grant,) = viewer_of(user).grants
    assert (grant.role, grant.org_path, grant.grid_ids) == ("grid_worker", "/wuhan/jiangan/", ("/wuhan/jiangan/g1/",))
    for page in ("/users/", "/users/?q=wang", f"/users/{user.pk}/", "/me/"):
        assert client.get(page).status_code == 200
    assert audited("user_create") == 1 and audited("role_assign") == 1


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda a, u: services.create_user(a, username="wang", name="x"), "accounts.name_taken|accounts.invalid"),
        (lambda a, u: services.create_user(a, username="a b", name="x"), "accounts.invalid"),
        (lambda a, u: services.create_user(a, username="neu", name="x", password="123"), "accounts.invalid"),
        (lambda a, u: services.assign(a, u, "king", "/wuhan/"), "accounts.unknown_role"),
        (lambda a, u: services.assign(a, u, "leader", "/changsha/"), "core.no_access"),
        (lambda a, u: services.assign(a, u, "grid_worker", "/wuhan/"), "accounts.grid_missing"),
        (
            lambda a, u: services.assign(a, u, "leader", "/wuhan/", valid_to=datetime(2020, 1, 1, tzinfo=UTC)),
            "accounts.end_before_start",
        ),
        (lambda a, u: services.set_active(a, User.objects.get(username="admin"), False), "accounts.not_yourself"),
        (
            lambda a, u: services.end_assignment(a, Assignment.objects.get(role="administrator")),
            "accounts.last_administrator",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(admin, act, code):
    user = person("wang")
    before = (User.objects.count(), list(Assignment.objects.values_list("pk", "valid_to")), Audit.objects.count())
    with pytest.raises(Refused, match=code):
        act(viewer_of(admin), user)
    assert before == (
        User.objects.count(),
        list(Assignment.objects.values_list("pk", "valid_to")),
        Audit.objects.count(),
    )


@pytest.mark.parametrize(
    "role", ["duty_officer", "dispatcher", "grid_worker", "enforcement_officer", "unit_head", "leader", "auditor"]
)
def test_nobody_else_administers(client, admin, role):
    user = person("zhang", (role, "/wuhan/", ["/wuhan/g1/"]))
    actor = viewer_of(user)
    for act in (
        lambda: services.create_user(actor, username="eve", name="eve"),
        lambda: services.assign(actor, user, "administrator", "/wuhan/"),
        lambda: services.set_active(actor, admin, False),
        lambda: services.reset_password(actor, admin),
        lambda: services.change_user(actor, admin, name="x"),
    ):
        with pytest.raises(Refused, match=r"core\.no_access"):
            act()
    client.force_login(user)
    assert client.get("/users/").status_code == (200 if role == "auditor" else 403)
    assert client.get("/users/new/").status_code == 403
    assert client.post(f"/users/{admin.pk}/active/", {"active": "0"}).status_code == 403
    assert client.get("/audit/").status_code == (200 if role == "auditor" else 403)
    admin.refresh_from_db()
    assert admin.is_active and User.objects.count() == 2 and Assignment.objects.count() == 2


def test_a_disabled_person_is_out_at_once(client, admin):
    user = person("zhang", ("duty_officer", "/wuhan/"), password=SECRET)
    client.force_login(user)
    services.set_active(viewer_of(admin), user, False)
    assert client.get("/me/").status_code == 302 and viewer_of(User.objects.get(pk=user.pk)).grants == ()


def test_roles_hold_from_their_start_to_their_end(admin):
    clock = ManualClock(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    with use_clock(clock):
        user = person("zhang")
        made = give(user, "duty_officer", "/wuhan/")
        made.valid_from, made.valid_to = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
        made.save()
        assert viewer_of(user).grants == ()
        clock.advance(timedelta(hours=1))
        assert viewer_of(user).roles == {"duty_officer"}
        clock.advance(timedelta(hours=1))
        assert viewer_of(user).grants == ()


def test_a_role_is_handed_on_for_a_time_and_not_further(client):
    clock = ManualClock(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    with use_clock(clock):
        chief, deputy, third = (person(name) for name in ("chief", "deputy", "third"))
        own = give(chief, "leader", "/wuhan/")
        until = clock.now() + timedelta(days=3)
        made = services.delegate(viewer_of(chief), own, deputy, valid_from=clock.now(), valid_to=until)
        assert viewer_of(deputy).roles == {"leader"} and audited("role_delegate") == 1
        with pytest.raises(Refused, match=r"accounts\.not_to_hand_on"):
            services.delegate(viewer_of(deputy), made, third, valid_from=clock.now(), valid_to=until)
        clock.advance(timedelta(days=3))
        assert viewer_of(deputy).grants == () and viewer_of(chief).roles == {"leader"}


def test_the_nearest_holder_of_a_role_is_found(db):
    book, at = selectors.Book(), viewer(person("x")) and now() + timedelta(seconds=1)
    city, district = person("city", ("leader", "/wuhan/")), person("district", ("leader", "/wuhan/jiangan/"))
    assert book.holders("leader", "/wuhan/jiangan/g1/", at) == [district.pk]
    assert book.holders("leader", "/wuhan/qingshan/", at) == [city.pk]
    assert book.holders("leader", "/changsha/", at) == []


def test_the_program_may_make_the_first_administrator(db):
    user, secret = services.create_user(SYSTEM, username="admin", name="管理员", password="admin")
    services.assign(SYSTEM, user, "administrator", "/")
    assert secret == "admin" and viewer_of(user).has("administrator")


def test_preferences_follow_the_person(client, db):
    user = person("zhang", ("duty_officer", "/wuhan/"))
    services.set_preferences(user, language="en", theme="dark", large_type=True)
    client.force_login(user)
    assert client.get("/me/").headers["Content-Language"] == "en"

"""Addresses of the administration of people. Signing in and out is allauth's."""

from django.urls import path

from ecobureau.web.accounts import pages
from ecobureau.web.accounts.keys import pages as keys

app_name = "accounts"
urlpatterns = [
    path("users/", pages.users_page, name="users"),
    path("users/new/", pages.new_user_page, name="new_user"),
    path("users/<int:pk>/", pages.user_page, name="user"),
    path("users/<int:pk>/roles/", pages.assign_page, name="assign"),
    path("users/<int:pk>/roles/<int:role>/end/", pages.end_role_page, name="end_role"),
    path("users/<int:pk>/active/", pages.active_page, name="active"),
    path("users/<int:pk>/password/", pages.reset_page, name="reset_password"),
    path("users/keys/", keys.all_page, name="all_keys"),
    path("users/keys/<int:pk>/revoke/", keys.revoke_page, name="revoke_key"),
    path("users/<int:pk>/keys/", keys.keys_page, name="keys"),
    path("me/keys/", keys.keys_page, name="my_keys"),
    path("me/", pages.me_page, name="me"),
    path("me/roles/<int:role>/delegate/", pages.delegate_page, name="delegate"),
]

"""Addresses of dispatching and of tasks that have a name of their own; the rest is the kernel's."""

from __future__ import annotations

from django.urls import path, re_path

from ecobureau.web.core.pages import lists
from ecobureau.web.dispatch import daily, pages, phone, soon

app_name = "dispatch"
urlpatterns = [
    path("tasks/", lists.list_page, {"plural": "tasks"}, name="list"),
    path("tasks/board/", lists.board_page, {"plural": "tasks"}, name="board"),
    path("tasks/soon/", soon.soon_page, name="soon"),
    path("tasks/daily/", daily.daily_page, name="daily"),
    re_path(r"^tasks/daily\.(?P<form>pdf|xlsx)$", daily.daily_file, name="daily_file"),
    path("m/", phone.list_page, name="phone"),
    path("m/tasks/<number:number>/", phone.task_page, name="phone_task"),
    path("m/tasks/<number:number>/track/", phone.track_view, name="phone_track"),
    path("m/scan/", phone.scan_page, name="phone_scan"),
    path("clues/<number:number>/send/", pages.send_page, name="send"),
]

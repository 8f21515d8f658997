"""Addresses of clues that have a name of their own; the rest is the kernel's."""

from __future__ import annotations

from django.urls import path

from ecobureau.web.clues import answers_api, api
from ecobureau.web.clues.pages import kinds, reporters, sensitive, sources
from ecobureau.web.core.pages import lists

app_name = "clues"
urlpatterns = [
    path("clues/", lists.list_page, {"plural": "clues"}, name="list"),
    path("api/clues", api.report_view, name="report"),
    path("api/clues/schema.json", api.schema_view, name="schema"),
    path("api/clues/answers", answers_api.Owed.as_view(), name="api_owed"),
    path("api/clues/answers/<int:pk>", answers_api.Answer.as_view(), name="api_answer"),
    path("clues/answers/", reporters.owed_page, name="answers"),
    path("clues/reporters/<int:pk>/", reporters.reporter_page, name="reporter"),
    path("clues/reporters/<int:pk>/unmask/", reporters.unmask_page, name="unmask"),
    path("clue-sources/", sources.list_page, name="sources"),
    path("clue-sources/new/", sources.new_page, name="new_source"),
    path("clue-sources/<slug:code>/", sources.source_page, name="source"),
    path("sensitive-places/", sensitive.list_page, name="sensitive"),
    path("sensitive-places/new/", sensitive.edit_page, name="new_sensitive"),
    path("sensitive-places/import/", sensitive.import_page, name="import_sensitive"),
    path("sensitive-places/import/template.xlsx", sensitive.template_page, name="sensitive_template"),
    path("sensitive-places/at/<str:code>/", sensitive.edit_page, name="sensitive_place"),
    path("sensitive-places/at/<str:code>/close/", sensitive.close_page, name="close_sensitive"),
    path("scene-kinds/", kinds.list_page, name="kinds"),
    path("scene-kinds/changes/<int:pk>/", kinds.decide_page, name="decide_change"),
    path("scene-kinds/<slug:pack>/<slug:code>/", kinds.entry_page, name="kind"),
]

"""Addresses of the kernel. Those of a kind begin with its plural; a word that is no kind's plural is left to others."""

from __future__ import annotations

from django.urls import path, register_converter

from ecobureau.web.core import api, registry
from ecobureau.web.core.pages import bulk, details, house, imports, lists, maps, presence, shares


class PluralConverter:
    """The plural of a registered kind."""

    regex = r"[a-z][a-z0-9-]*"

    def to_python(self, value: str) -> str:
        if registry.by_plural(value) is None:
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        return value


class NumberConverter:
    """A record's number, for example XS-20261122-0001."""

    regex = r"[A-Z]{1,8}-[0-9]{8}-[0-9]{4,}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PluralConverter, "plural")
register_converter(NumberConverter, "number")

app_name = "core"
urlpatterns = [
    path("healthz", house.healthz, name="healthz"),
    path("metrics", house.metrics, name="metrics"),
    path("basemap.json", maps.base_view, name="basemap"),
    path("search/", lists.search_page, name="search"),
    path("audit/", house.audit_page, name="audit"),
    path("inbox/", house.inbox_page, name="inbox"),
    path("inbox/read/", house.read_page, name="read"),
    path("inbox/bell/", house.bell_view, name="bell"),
    path("files/<uuid:uuid>/", details.file_page, name="file"),
    path("files/<uuid:uuid>/withdraw/", details.withdraw_page, name="withdraw"),
    path("api/schema", api.SchemaView.as_view(), name="schema"),
    path("api/<plural:plural>/", api.collection, name="api_list"),
    path("api/<plural:plural>/import/", api.imported, name="api_import"),
    path("api/<plural:plural>/<number:number>/", api.item, name="api_detail"),
    path("api/<plural:plural>/<number:number>/do/<slug:verb>/", api.act, name="api_do"),
    path("api/<plural:plural>/<number:number>/files/", api.files, name="api_files"),
    path("<plural:plural>/", lists.list_page, name="list"),
    path("<plural:plural>/board/", lists.board_page, name="board"),
    path("<plural:plural>/statistics/", lists.statistics_page, name="statistics"),
    path("<plural:plural>/new/", details.new_page, name="new"),
    path("<plural:plural>/export.csv", lists.export_page, {"form": "csv"}, name="export_csv"),
    path("<plural:plural>/export.xlsx", lists.export_page, {"form": "xlsx"}, name="export_xlsx"),
    path("<plural:plural>/import/", imports.import_page, name="import"),
    path("<plural:plural>/import/template.xlsx", imports.template_page, name="import_template"),
    path("<plural:plural>/map/", maps.map_page, name="map"),
    path("<plural:plural>/map/marks.json", maps.marks_view, name="marks"),
    path("<plural:plural>/bulk/undo/", bulk.undo_page, name="undo"),
    path("<plural:plural>/bulk/<slug:verb>/", bulk.bulk_page, name="bulk"),
    path("<plural:plural>/views/", lists.save_view, name="save_view"),
    path("<plural:plural>/views/<int:pk>/drop/", lists.drop_view, name="drop_view"),
    path("<plural:plural>/<number:number>/", details.detail_page, name="detail"),
    path("<plural:plural>/<number:number>/do/<slug:verb>/", details.do_page, name="do"),
    path("<plural:plural>/<number:number>/files/", details.upload_page, name="upload"),
    path("<plural:plural>/<number:number>/shares/", shares.shares_page, name="shares"),
    path("<plural:plural>/<number:number>/shares/<int:pk>/end/", shares.end_page, name="end_share"),
    path("<plural:plural>/<number:number>/card/", maps.card_view, name="card"),
    path("<plural:plural>/<number:number>/open/", presence.beat_page, name="open"),
    path("<plural:plural>/<number:number>/chain/", details.chain_page, name="chain"),
]

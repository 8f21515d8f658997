"""Addresses of the registry's administration. The files of outlets and stations are the desk's."""

from django.urls import path

from ecobureau.web.sources.pages import codes, edit, imports

app_name = "sources"
urlpatterns = [
    path("c/", codes.type_page, name="type_code"),
    path("c/<str:code>/", codes.scan_page, name="scan"),
    path("codes/sheet/", codes.sheet_page, name="code_sheet"),
    path("codes/<slug:what>/<int:pk>/", codes.code_page, name="code"),
    path("codes/<slug:what>/<int:pk>/issue/", codes.act_page, {"act": "issue"}, name="code_issue"),
    path("codes/<slug:what>/<int:pk>/reissue/", codes.act_page, {"act": "reissue"}, name="code_reissue"),
    path("codes/<slug:what>/<int:pk>/revoke/", codes.act_page, {"act": "revoke"}, name="code_revoke"),
    path("registry/", imports.registry_page, name="registry"),
    path("registry/import/", imports.upload_page, name="import"),
    path("registry/import/<uuid:uuid>/", imports.draft_page, name="draft"),
    path("registry/import/<uuid:uuid>/apply/", imports.apply_page, name="apply"),
    path("registry/import/<uuid:uuid>/drop/", imports.drop_page, name="drop"),
    path("registry/import/<slug:kind>.csv", imports.sample_page, name="sample"),
    path("registry/enterprises/new/", edit.enterprise_page, name="enterprise_new"),
    path("registry/enterprises/<int:pk>/", edit.enterprise_page, name="enterprise"),
    path("registry/enterprises/<int:enterprise>/outlets/new/", edit.outlet_page, name="outlet_new"),
    path("registry/outlets/<int:pk>/", edit.outlet_page, name="outlet"),
    path("registry/outlets/<int:pk>/limits/", edit.limits_page, name="limits"),
    path("registry/outlets/<int:pk>/limits/<int:limit>/end/", edit.end_limit_page, name="end_limit"),
    path("registry/outlets/<int:outlet>/stations/new/", edit.station_page, name="outlet_station_new"),
    path("registry/stations/new/", edit.station_page, name="station_new"),
    path("registry/stations/<int:pk>/", edit.station_page, name="station"),
    path("registry/stations/<int:station>/loggers/new/", edit.logger_page, name="logger_new"),
    path("registry/loggers/<int:pk>/", edit.logger_page, name="logger"),
]

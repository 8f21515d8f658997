"""Addresses of the duty desk, the map, the homes of the roles and the gallery."""

from django.urls import path

from ecobureau.web.desk import (
    devices,
    duty,
    feeds,
    file_paper,
    frames,
    gallery,
    home,
    map,
    onsite,
    outlets,
    today,
    wall,
)

app_name = "desk"
urlpatterns = [
    path("", home.home_page, name="home"),
    path("desk/", duty.duty_page, name="duty"),
    path("desk/wall/", wall.wall_page, name="wall"),
    path("desk/<number:number>/", duty.duty_page, name="duty_clue"),
    path("outlets/", outlets.list_page, {"what": "outlets"}, name="outlets"),
    path("outlets/<int:pk>/", outlets.outlet_page, name="outlet"),
    path("stations/", outlets.list_page, {"what": "stations"}, name="stations"),
    path("stations/<int:pk>/", outlets.station_page, name="station"),
    path("stations/<int:pk>/devices/", devices.devices_page, name="devices"),
    path("stations/<int:pk>/devices/<slug:cn>/", devices.command_form_page, name="device_command"),
    path("commands/<int:pk>/", devices.command_page, name="command"),
    path("firms/", outlets.list_page, {"what": "firms"}, name="firms"),
    path("firms/<int:pk>/", outlets.firm_page, name="firm"),
    path("files-of/<slug:what>/<int:pk>/paper/", file_paper.paper_page, name="file_paper"),
    path("here/<slug:what>/<int:pk>/clue/", onsite.report_page, name="report_here"),
    path("here/<slug:what>/<int:pk>/check/", onsite.check_page, name="check_here"),
    path("frames/<int:pk>/", frames.frame_page, name="frame"),
    path("feeds/", feeds.feeds_page, name="feeds"),
    path("books/", feeds.books_page, name="books"),
    path("quarantine/", feeds.quarantine_page, name="quarantine"),
    path("map/", map.map_page, name="map"),
    path("map/marks.json", map.marks_view, name="map_marks"),
    path("map/base.json", map.base_view, name="map_base"),
    path("today/", today.today_page, name="today"),
    path("review/", today.review_page, name="review"),
    path("design/", gallery.gallery, name="gallery"),
]

"""Addresses of preferences, channels and the log of messages."""

from django.urls import path

from ecobureau.web.messages import pages

app_name = "messages"
urlpatterns = [
    path("me/messages/", pages.preference_page, name="preferences"),
    path("channels/", pages.channels_page, name="channels"),
    path("channels/new/<slug:kind>/", pages.new_channel_page, name="new_channel"),
    path("channels/<int:pk>/", pages.channel_page, name="channel"),
    path("channels/<int:pk>/test/", pages.test_page, name="test"),
    path("channels/log/", pages.log_page, name="log"),
    path("channels/log/<int:pk>/again/", pages.again_page, name="again"),
]

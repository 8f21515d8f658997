"""Addresses of the statistics."""

from django.urls import path

from ecobureau.web.statistics import pages, urls_analysis, urls_report

app_name = "statistics"
urlpatterns = [
    path("statistics/", pages.ranking_page, name="home"),
    path("statistics/air/<int:pk>/", pages.series_page, name="air_series"),
    path("statistics/air/<int:pk>/<slug:day>/", pages.day_page, name="air_day"),
    path("statistics/reviews/", pages.reviews_page, name="reviews"),
    path("statistics/reviews/new/<int:pk>/", pages.propose, name="propose"),
    path("statistics/reviews/<int:review>/<slug:verb>/", pages.decide, name="decide"),
    *urls_analysis.urlpatterns,
    *urls_report.urlpatterns,
]

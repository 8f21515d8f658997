"""Addresses of the statistics."""

from django.urls import path

from ecobureau.web.statistics import pages, pages_water, urls_analysis, urls_report

app_name = "statistics"
urlpatterns = [
    path("statistics/", pages.ranking_page, name="home"),
    path("statistics/air/<int:pk>/", pages.series_page, name="air_series"),
    path("statistics/air/<int:pk>/<slug:day>/", pages.day_page, name="air_day"),
    path("statistics/water/", pages_water.overview_page, name="water"),
    path("statistics/water/months/", pages_water.months_page, name="water_months"),
    path("statistics/water/ranking/", pages_water.ranking_page, name="water_ranking"),
    path("statistics/water/<int:pk>/", pages_water.series_page, name="water_series"),
    path("statistics/water/<int:pk>/<slug:span>/<slug:start>/", pages_water.period_page, name="water_period"),
    path("statistics/reviews/", pages.reviews_page, name="reviews"),
    path("statistics/reviews/new/<int:pk>/", pages.propose, name="propose"),
    path("statistics/reviews/<int:review>/<slug:verb>/", pages.decide, name="decide"),
    *urls_analysis.urlpatterns,
    *urls_report.urlpatterns,
]

"""Addresses of the statistics."""

from django.urls import path

from ecobureau.web.statistics import (
    pages,
    pages_noise,
    pages_reviews,
    pages_settings,
    pages_targets,
    pages_water,
    urls_analysis,
    urls_report,
)
from ecobureau.web.statistics.emission import pages as emission
from ecobureau.web.statistics.past import pages as past

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
    path("statistics/noise/", pages_noise.overview_page, name="noise"),
    path("statistics/noise/<int:pk>/", pages_noise.series_page, name="noise_series"),
    path("statistics/noise/<int:pk>/<slug:span>/<slug:start>/", pages_noise.period_page, name="noise_period"),
    path("statistics/emission/", emission.overview_page, name="emission"),
    path("statistics/emission/<int:pk>/", emission.series_page, name="emission_series"),
    path("statistics/emission/<int:pk>/<slug:span>/<slug:start>/", emission.period_page, name="emission_period"),
    path("statistics/targets/", pages_targets.targets_page, name="targets"),
    path("statistics/targets/new/", pages_targets.put_target, name="put_target"),
    path("statistics/targets/<int:pk>/", pages_targets.target_page, name="target"),
    path("statistics/targets/<int:pk>/drop/", pages_targets.drop_target, name="drop_target"),
    path("statistics/points/", pages_settings.points_page, name="points"),
    path("statistics/points/<int:pk>/", pages_settings.point_page, name="point"),
    path("statistics/points/<int:pk>/assessed/", pages_settings.set_assessed, name="set_assessed"),
    path("statistics/points/<int:pk>/section/", pages_settings.set_section, name="set_section"),
    path("statistics/excluded/", pages_settings.marks_page, name="marks"),
    path("statistics/excluded/new/", pages_settings.propose_mark, name="propose_mark"),
    path("statistics/excluded/<int:pk>/<slug:verb>/", pages_settings.decide_mark, name="decide_mark"),
    path("statistics/reviews/", pages_reviews.reviews_page, name="reviews"),
    path("statistics/reviews/new/<int:pk>/", pages_reviews.propose, name="propose"),
    path("statistics/reviews/<int:review>/<slug:verb>/", pages_reviews.decide, name="decide"),
    path("statistics/history/", past.files_page, name="history"),
    path("statistics/history/<int:pk>/", past.file_page, name="history_file"),
    path("statistics/history/<int:pk>/<slug:verb>/", past.act, name="history_act"),
    *urls_analysis.urlpatterns,
    *urls_report.urlpatterns,
]

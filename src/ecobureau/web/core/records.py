"""The way in for apps: `Record` and the registry of kinds under the names of the contract."""

from ecobureau.web.core.models import Record
from ecobureau.web.core.registry import Column, Kind, Statistic, by_plural, get, kind_of, kinds, register

__all__ = ["Column", "Kind", "Record", "Statistic", "by_plural", "get", "kind_of", "kinds", "register"]

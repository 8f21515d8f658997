"""The only writers of records. Apps wrap `create` and `perform` in functions named after their verbs."""

from ecobureau.web.core.refusals import Refused
from ecobureau.web.core.services.bonds import accept_device_time, erase_personal, link, share, unshare
from ecobureau.web.core.services.many import create_many
from ecobureau.web.core.services.records import amend, context_of, create, done_with, next_number, perform

__all__ = [
    "Refused",
    "accept_device_time",
    "amend",
    "context_of",
    "create",
    "create_many",
    "done_with",
    "erase_personal",
    "link",
    "next_number",
    "perform",
    "share",
    "unshare",
]

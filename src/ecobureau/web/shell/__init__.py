"""The frame round every page: navigation, preferences, words of the islands, installable phone pages, error pages.

No app and no models: views and values that every page needs. It stands on `core` and knows no duty by itself; what the
duties add (feed health, shift, counts) comes through the dotted paths of `settings.SHELL_HOOKS`.
"""

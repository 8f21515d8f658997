#!/bin/sh
# Print the path of a Chromium for the browser tests and make sure that Chinese fonts are there; install both when root on Debian.
set -eu
found() {
    for name in "${ECOBUREAU_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}
fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh 2>/dev/null | head -1)" ]; }

install="apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-cjk fontconfig"
if ! { found >/dev/null && fonts; }; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing Chromium and Chinese fonts" >&2
        apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig >&2
    fi
fi
if ! found >/dev/null; then
    echo "The browser tests need Chromium. Run: sudo sh -c '$install'" >&2
    exit 1
fi
if ! fonts; then
    echo "The browser tests need Chinese fonts. Run: sudo sh -c '$install'" >&2
    exit 1
fi
found

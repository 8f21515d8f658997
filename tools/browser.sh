#!/bin/sh
# Print the path of a Chromium for the browser tests and make sure that Chinese fonts and the library that Playwright's
# driver needs are there; install what is lacking when root on Debian.
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
atomic() { PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q 'libatomic\.so\.1'; }
lacking() { echo "The browser tests need $1. Run: sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends $packages'" >&2; }

packages="chromium fonts-noto-cjk fontconfig libatomic1"
if ! { found >/dev/null && fonts && atomic; }; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing $packages" >&2
        apt-get update -qq >&2
        # Word by word.
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >&2
    fi
fi
found >/dev/null || { lacking Chromium; exit 1; }
fonts || { lacking "Chinese fonts"; exit 1; }
atomic || { lacking "libatomic.so.1"; exit 1; }
found

#!/usr/bin/env bash
# The browser tests drive the system's Chromium. Install it where we may; else say what to do (the tests then skip).
set -euo pipefail
browser=${CHROMIUM:-/usr/bin/chromium}
[ -x "$browser" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "test: installing chromium and fonts for the browser tests"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null && exit 0
fi
echo "test: no Chromium at $browser: the browser tests will be skipped. Debian: apt-get install chromium fonts-noto-cjk" >&2

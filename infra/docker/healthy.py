"""Exit 0 where the address answers with success; for health checks inside the images.

    python healthy.py http://127.0.0.1:8000/api/v1/health

Asks as the proxy does: the first allowed host's name, and https, so that the portal neither refuses nor redirects.
"""

import os
import sys
import urllib.request


def healthy(address: str) -> bool:
    headers = {"X-Forwarded-Proto": "https"}
    host = os.environ.get("CLEANROOM_PORTAL_HOSTS", "").split(",")[0].strip()
    if host:
        headers["Host"] = host
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - the caller is the image's own check
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=4) as answer:
            return answer.status == 200
    except OSError as e:
        print(f"not healthy: {e}", file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy(sys.argv[1]) else 1)

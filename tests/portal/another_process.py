"""Another web process on the database of a test: asks for the address on each line, answers with the page.

python -m tests.portal.another_process SESSION
"""

import json
import os
import sys

import django


def main() -> None:
    """Answer until the input ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.conf import settings
    from django.test import Client

    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = sys.argv[1]
    for line in sys.stdin:
        answer = browser.get(line.strip())
        print(json.dumps([answer.status_code, answer.content.decode()]), flush=True)


if __name__ == "__main__":
    main()

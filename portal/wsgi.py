"""The WSGI entry of the web processes."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

# What was loaded stays for good: looking through it again and again would hold up a page in twenty.
gc.collect()
gc.freeze()

"""The settings of a test run: the product's own, on a fast throw-away cluster that runs beside any other.

DATABASE_URL still wins. Each run has a database of its own name, so that runs do not disturb each other.
"""

import os
from pathlib import Path

os.environ.setdefault("PORTAL_EMBEDDED_DB", "1")
os.environ.setdefault("PORTAL_PGDATA", str(Path(__file__).resolve().parent.parent / "var" / "test-postgres"))
os.environ.setdefault("PORTAL_PG_FLEETING", "1")

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, ERP, STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where there is none

DATABASES["default"]["TEST"] = {"NAME": f"test_accord_{os.getpid()}"}
# Sign-ins by the hundred: the real hash is slow on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# An ERP in the environment is somebody's own: tests that need one bring it.
ERP["url"] = ""

"""Registers every admin class; the project's app config imports it when the apps are ready."""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

# One sign-in for everybody: the portal's, with its throttling and its second factor to come.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# What is not known is a dash, as on our own pages, and takes no line on a phone.
admin.site.empty_value_display = '<span class="ac-nil">–</span>'

# Rows of libraries that nobody may edit here: a person's address is changed at the person, and the
# queue's rows are a wake-up, never the truth (the hub's own pages show the work).
admin.site.unregister([Authenticator, EmailAddress, Failure, OrmQ, Schedule, Success, UserSession])
# Companies' own sign-ins are ours (portal.admin.connections); the library's tables, one of which would take a
# secret, stay empty.
admin.site.unregister([SocialAccount, SocialApp, SocialToken])

import portal.admin.approvals  # noqa: E402
import portal.admin.audit  # noqa: E402
import portal.admin.catalog  # noqa: E402
import portal.admin.checkout  # noqa: E402
import portal.admin.companies  # noqa: E402
import portal.admin.connections  # noqa: E402
import portal.admin.core  # noqa: E402
import portal.admin.entitlements  # noqa: E402
import portal.admin.licences  # noqa: E402
import portal.admin.operations.cases  # noqa: E402
import portal.admin.operations.deliveries  # noqa: E402
import portal.admin.operations.flows  # noqa: E402
import portal.admin.operations.inbox  # noqa: E402
import portal.admin.operations.processes  # noqa: E402
import portal.admin.operations.systems  # noqa: E402
import portal.admin.operations.windows  # noqa: E402
import portal.admin.orders  # noqa: E402
import portal.admin.people  # noqa: E402
import portal.admin.pricing  # noqa: E402
import portal.admin.quotes  # noqa: E402
import portal.admin.registrations  # noqa: E402
import portal.admin.segments  # noqa: E402, F401

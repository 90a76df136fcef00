"""The pages of an administrator about the company's people, and the one that an invitation opens."""

import time

import pytest
from django.core import mail
from django.urls import reverse

from accounts.actions.granting import Place
from accounts.actions.invitations import invite_member
from accounts.invitations import pass_of
from accounts.models import CompanyRole, Invitation, Membership, User
from accounts.states import Right
from core.models import Event
from integrations import delivery
from integrations.models import SentMail
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory
from tests.portal.pages import form_of, text_of

pytestmark = pytest.mark.django_db

PEOPLE, INVITE, ROLES = (
    reverse("portal:member-list"),
    reverse("portal:member-invite"),
    reverse("portal:role-list"),
)
NO_RIGHTS = {f"right_{right}": "0" for right in Right}


@pytest.fixture
def ada(acme):
    """Administers Acme."""
    return enrol("Ada", acme, "administrator")


def detail(member, step="detail"):
    """The address of a member's page."""
    return reverse(f"portal:member-{step}", args=[Membership.objects.get(user=member.user).pk])


@pytest.mark.req("ACC-07")
def test_an_invitation_leads_by_mail_to_a_password_and_into_the_company(acme, ada, client):
    answer = ada.signed_in().post(
        INVITE, {"unit": "ACME", "email": "nina@acme.example", "name": "Nina", "roles": ["buyer"]}
    )
    assert answer.status_code == 302
    delivery.fan_out()
    delivery.drain(until=time.monotonic() + 20)

    letter = next(one for one in mail.outbox if one.to == ["nina@acme.example"])
    link = next(word for word in letter.body.split() if "/join/" in word)
    path = "/join/" + link.split("/join/")[1]
    assert "Join Acme Works" in client.get(path).content.decode()
    joined = client.post(path, {"name": "Nina New", "password": "a-quite-long-pass-4711"})

    assert joined.status_code == 302
    home = client.get(reverse("portal:home"))
    assert home.context["scope"].company_id == acme.pk
    assert User.objects.get(email="nina@acme.example").name == "Nina New"
    assert client.get(path).status_code == 404
    word = path.strip("/").rpartition("/")[
        2
    ]  # signed over the second of its making: no other word is the same
    assert word in letter.body
    for kept in (Invitation, SentMail, Event):
        assert word not in str(kept.objects.values()), kept


@pytest.mark.req("ACC-05", "ACC-07")
@pytest.mark.parametrize("role", ["viewer", "requester", "buyer", "approver", "finance"])
def test_only_who_manages_people_opens_these_pages(acme, role):
    member = enrol("Max", acme, role)
    browser = member.signed_in()

    for address in (PEOPLE, INVITE, ROLES, reverse("portal:role-new"), detail(member)):
        assert browser.get(address).status_code == 403
    for step in ("end", "restore"):
        assert browser.post(detail(member, step)).status_code in (302, 403, 404)
    assert Membership.objects.get(user=member.user).is_active
    assert PEOPLE not in browser.get(reverse("portal:catalogue")).content.decode()


@pytest.mark.req("ACC-07", "SEC-13")
def test_another_companys_people_are_not_there(ada, clara, boris):
    browser = ada.signed_in()

    for step in ("detail", "end", "restore"):
        assert browser.post(detail(clara, step), {"roles": ["viewer"], "version": 1}).status_code == 404
    assert browser.get(detail(clara)).status_code == 404
    page = browser.get(PEOPLE).content.decode()
    assert boris.user.email in page
    assert clara.user.email not in page
    assert (
        browser.post(INVITE, {"unit": "OTHER", "email": "x@y.example", "roles": ["buyer"]}).status_code == 422
    )
    assert not Invitation.objects.exists()


def test_what_is_changed_on_the_page_counts_at_the_next_request(ada, boris):
    browser = boris.signed_in()
    assert browser.get(reverse("portal:approval-list")).status_code == 200

    answer = ada.signed_in().post(detail(boris), {"roles": ["viewer"], "version": 1})

    assert answer.status_code == 302
    assert browser.get(reverse("portal:approval-list")).status_code == 403
    stale = ada.signed_in().post(
        detail(boris), {"roles": ["buyer"], "version": 1}, headers={"HX-Request": "true"}
    )
    assert stale.status_code == 409
    ada.signed_in().post(detail(boris, "end"))
    assert browser.get(reverse("portal:catalogue")).url.startswith(reverse("account_login"))


def test_a_composed_role_says_what_it_allows_and_is_given_on_the_page(ada, boris):
    browser = ada.signed_in()
    browser.post(
        reverse("portal:role-new"),
        {**NO_RIGHTS, "name": "Workshop", "right_see_orders": "1", "right_buy": "2"},
    )
    role = CompanyRole.objects.get()

    browser.post(detail(boris), {"own_roles": [role.pk], "version": 1})

    page = browser.get(detail(boris)).content.decode()
    assert "Workshop" in page
    assert role.grants == {"see_orders": 1, "buy": 2}
    assert Membership.objects.get(user=boris.user).roles == []
    assert browser.post(reverse("portal:role-new"), {**NO_RIGHTS, "name": "Empty"}).status_code == 422


def test_another_companys_role_cannot_be_given_or_opened(ada, boris, other):
    foreign = CompanyRole.objects.create(company=other, name="Theirs", grants={"buy": 3})
    browser = ada.signed_in()

    assert browser.get(reverse("portal:role-detail", args=[foreign.pk])).status_code == 404
    assert browser.post(reverse("portal:role-remove", args=[foreign.pk])).status_code == 404
    assert browser.post(detail(boris), {"own_roles": [foreign.pk], "version": 1}).status_code == 422
    assert CompanyRole.objects.filter(pk=foreign.pk).exists()


def test_an_administrator_of_a_branch_sees_neither_those_above_nor_their_form(acme, ada):
    branch = CompanyFactory(number="ACME-1", name="Acme Linz", parent=acme)
    local = enrol("Lola", branch, "administrator")
    worker = enrol("Willi", branch, "buyer")
    browser = local.signed_in()

    page = browser.get(PEOPLE).content.decode()
    assert worker.user.email in page
    assert ada.user.email not in page
    assert browser.get(detail(ada)).status_code == 404
    assert ada.signed_in().get(detail(worker)).status_code == 200


def test_a_version_that_is_no_number_is_an_old_one(acme):
    ada = enrol("Ada", acme, "administrator")
    anna = Membership.objects.get(user=enrol("Anna", acme, "buyer").user)

    page = ada.signed_in().post(f"/company/people/{anna.pk}/", {"version": "abc", "roles": "viewer"})

    assert page.status_code == 409
    anna.refresh_from_db()
    assert anna.roles == ["buyer"]


@pytest.mark.req("ACC-07")
def test_the_list_says_whose_rights_reach_below_by_role_or_by_membership(acme, ada, anna):
    graz = CompanyFactory(number="GRAZ", name="Acme Graz", parent=acme)
    enrol("Bert", acme, "buyer", includes_branches=True)
    role = CompanyRole.objects.create(
        company=acme, name="Looks on", grants={"see_orders": 3, "see_invoices": 2}
    )
    Membership.objects.get(user=enrol("Cora", acme).user).own_roles.add(role)
    enrol("Gero", graz, "administrator")

    page = " ".join(ada.signed_in().get(PEOPLE).content.decode().split())
    rows = {
        name: page[page.index(f"<b>{name}</b></a>") :].split("</tr>")[0]
        for name in "Ada Bert Anna Cora Gero".split()
    }

    assert "and all below" in rows["Ada"]
    assert "and all below" in rows["Bert"]
    assert "below" not in rows["Anna"]
    assert "below too: see orders and quotes" in rows["Cora"]
    assert "below" not in rows["Gero"]  # nothing is below Graz


@pytest.mark.req("ACC-07")
def test_an_open_invitation_shows_its_roles_and_is_sent_again_as_it_was(acme, ada):
    browser = ada.signed_in()
    wish = {
        "unit": "ACME",
        "email": "nina@acme.example",
        "name": "Nina",
        "roles": ["viewer"],
        "order_limit": "200.5",
    }
    browser.post(INVITE, wish)
    shown = browser.get(PEOPLE)
    page = shown.content.decode()

    browser.post(INVITE, form_of(shown, INVITE))

    assert 'data-l="Roles">Viewer' in page
    old, new = Invitation.objects.order_by("pk")
    assert old.withdrawn_at
    assert (new.email, new.roles, new.order_limit, new.withdrawn_at) == (
        old.email,
        ["viewer"],
        old.order_limit,
        None,
    )


@pytest.mark.req("ACC-07")
def test_an_invitation_opened_by_another_person_offers_no_way_to_accept_it(acme, ada, boris):
    made = invite_member(acme, "nina@acme.example", "Nina", Place(("buyer",)), by=ada.actor)

    page = boris.signed_in().get(f"/join/{pass_of(made.key)}/").content.decode()

    assert "This invitation is for nina@acme.example, and you are signed in as" in page
    assert "Accept the invitation" not in page


@pytest.mark.req("ACC-07", "SEC-08")
def test_an_access_ends_by_two_steps_with_a_reason_and_its_page_says_that_nothing_is_allowed(ada, boris):
    browser = ada.signed_in()
    page = browser.get(detail(boris)).content.decode()
    assert page.index("<details") < page.index("End the access")

    browser.post(detail(boris, "end"), {"reason": "left in June", "acting_company": "ACME"})

    page = browser.get(detail(boris)).content.decode()
    assert "Nothing: the roles count again once the access is given back." in page
    assert "decide on orders" not in page
    assert "Ada ended this access today" in page
    assert "Why: left in June." in page
    assert "left in June" in browser.get(reverse("portal:activity")).content.decode()


@pytest.mark.req("ACC-12")
def test_a_page_that_is_open_by_a_number_says_where_passkeys_work(rf, settings):
    settings.ALLOWED_HOSTS = ["*"]
    from portal.templatetags.hosts import by_name, is_by_number

    here = rf.get("/accounts/2fa/webauthn/add/", HTTP_HOST="127.0.0.1:8000")
    named = rf.get("/", HTTP_HOST="localhost:8000")

    assert (is_by_number(here), is_by_number(named)) == (True, False)
    assert by_name(here) == "http://localhost:8000/accounts/2fa/webauthn/add/"
    assert by_name(rf.get("/", HTTP_HOST="10.0.0.7")) == ""


def test_a_number_in_another_form_is_answered_with_the_form_to_type(acme, ada, boris):
    page = ada.signed_in().post(
        detail(boris), {"roles": ["buyer"], "order_limit": "2.000,50", "version": "1"}
    )

    assert "Type a number, such as 200 or 2,000.50." in page.content.decode()


@pytest.mark.req("ACC-07", "SEC-13")
@pytest.mark.parametrize(
    "name", ["See http://evil.example", "www.evil.example", "Nina,\nyour account is closed"]
)
def test_an_invitation_carries_a_name_and_no_words_of_its_senders(acme, ada, client, name):
    typed = {"unit": "ACME", "email": "nina@acme.example", "name": name, "roles": ["buyer"]}

    answer = ada.signed_in().post(INVITE, typed)

    assert answer.status_code == 422
    assert "A name alone" in text_of(answer)
    assert not Invitation.objects.exists()
    made = invite_member(acme, "nina@acme.example", "Nina", Place(("administrator",)), by=ada.actor)
    join = reverse("portal:join", args=[pass_of(made.key)])
    assert client.post(join, {"name": name, "password": "a-quite-long-pass-4711"}).status_code == 422
    assert not User.objects.filter(email="nina@acme.example").exists()


@pytest.mark.req("SEC-13")
def test_nobodys_box_is_flooded_by_invitations(acme, ada):
    browser = ada.signed_in()
    typed = {"unit": "ACME", "email": "nina@acme.example", "name": "Nina", "roles": ["buyer"]}

    answers = [browser.post(INVITE, typed).status_code for _attempt in range(7)]

    assert answers == [302] * 5 + [422] * 2
    assert Event.objects.filter(name="member.invited").count() == 5
    assert browser.post(INVITE, {**typed, "email": "next@acme.example"}).status_code == 302

"""A company's own sign-in: whom its provider vouches for gets in, and nobody else does."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.actions.connections import Draft, save_connection, unlink_identity
from accounts.actions.granting import Place
from accounts.actions.invitations import invite_member
from accounts.models import Invitation, Membership, SignInConnection, SignInIdentity, User
from core.errors import InvalidValue
from core.models import AuditEntry
from tests.conftest import employ, enrol
from tests.factories.accounts import CompanyFactory, MembershipFactory
from tests.issuer import CLIENT, SECRET
from tests.portal.issuing import STAFF, address_of, connect, sign_in_there, started, way_back
from tests.portal.mailing import let_mails_out
from tests.portal.test_security import code_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("ACC-12")]
WORD = "pass-phrase-4711"


@pytest.fixture(scope="module")
def process():
    running = started()
    yield running
    running.process.kill()
    running.process.wait()


@pytest.fixture
def provider(process, settings):
    cache.clear()
    process.does_wrong()
    settings.SITE_URL = "http://127.0.0.1:8000"
    settings.SIGN_IN_SECRETS = {"SIGN_IN_SECRET_ACME": SECRET}
    return process


@pytest.fixture
def works(provider, acme):
    return connect(acme, provider.address)


def is_in(browser):
    return SESSION_KEY in browser.session


def test_a_member_signs_in_at_the_provider_and_comes_back_to_where_he_or_she_was_going(works, provider, anna):
    provider.knows(anna.user.email, sub="anna-at-works")

    browser, answer = sign_in_there(anna.user.email, next_url="/orders/")

    assert (answer.status_code, answer.url) == (302, "/orders/")
    assert browser.session[SESSION_KEY] == str(anna.user.pk)
    assert browser.get("/orders/").status_code == 200
    identity = SignInIdentity.objects.get()
    assert (identity.user, identity.subject, identity.connection) == (anna.user, "anna-at-works", works)
    assert AuditEntry.objects.filter(action="identity.linked", object_key=str(anna.user.pk)).count() == 1
    assert 0 < browser.session.get_expiry_age() <= 12 * 3600


def test_the_provider_is_asked_for_a_code_with_state_nonce_and_proof_and_no_secret_is_in_the_address(
    works, provider, anna
):
    page = Client().post(reverse("account_login"), {"login": anna.user.email})

    asked = {
        name: words[0]
        for name, words in parse_qs(urlsplit(address_of(page)).query, strict_parsing=True).items()
    }
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {"openid", "email", "profile"}
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/sign-in/company/works-id/"
    assert asked["login_hint"] == anna.user.email
    assert min(map(len, (asked["state"], asked["nonce"], asked["code_challenge"]))) >= 16
    assert SECRET not in page.content.decode()


def test_known_and_unknown_addresses_of_the_domain_are_led_on_alike(works, provider, anna):
    pages = []
    for email in (anna.user.email, "nobody@acme.example"):
        page = Client().post(reverse("account_login"), {"login": email})
        text = re.sub(r"(state|nonce|code_challenge|csrf\w+)[=\"][^&\"]+", "", page.content.decode())
        text = re.sub(r'value="[\w-]{64}"|"X-CSRFToken": "\w+"', "", text)
        pages.append((page.status_code, text.replace(email.replace("@", "%40"), "ADDRESS")))

    assert pages[0] == pages[1]


def test_an_address_without_a_company_sign_in_is_asked_for_its_password(works, clara):
    page = Client().post(reverse("account_login"), {"login": clara.user.email, "password": ""})

    assert page.status_code == 200
    assert "Enter your password: this address has no sign-in of a company." in page.content.decode()


def test_the_same_person_is_known_by_the_subject_whatever_the_address_became(works, provider, anna):
    provider.knows(anna.user.email, sub="s-1")
    sign_in_there(anna.user.email)
    provider.knows("anna.married@acme.example", sub="s-1")

    browser, _answer = sign_in_there("anna.married@acme.example")

    assert browser.session[SESSION_KEY] == str(anna.user.pk)
    assert SignInIdentity.objects.count() == 1
    assert User.objects.filter(email__iexact="anna.married@acme.example").count() == 0


def test_another_person_with_an_address_that_somebody_had_before_does_not_become_that_person(
    works, provider, anna
):
    provider.knows(anna.user.email, sub="s-1")
    sign_in_there(anna.user.email)
    provider.knows(anna.user.email, sub="s-2")

    browser, answer = sign_in_there(anna.user.email)

    assert answer.status_code == 403
    assert "had this e-mail address before" in answer.content.decode()
    assert not is_in(browser)
    unlink_identity(SignInIdentity.objects.get(), by=STAFF)
    assert is_in(sign_in_there(anna.user.email)[0])


FAULTS = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"without": ["nonce"]},
    "another audience": {"aud": "somebody-else"},
    "several audiences and not for us": {"aud": [CLIENT, "other"], "azp": "other"},
    "another issuer": {"iss": "http://127.0.0.1:1/evil"},
    "an expired token": {"exp": -120},
    "no end": {"without": ["exp"]},
    "no subject": {"without": ["sub"]},
    "a foreign key": {"key": "foreign"},
    "no signature": {"key": "none"},
    "the public key for a secret": {"key": "hmac"},
    "a broken token address": {"token": 500},
    "a document of another issuer": {"document": {"issuer": "http://127.0.0.1:1"}},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_answer_that_cannot_be_believed_lets_nobody_in(works, provider, anna, fault):
    provider.knows(anna.user.email)
    browser = Client()
    address = address_of(browser.post(reverse("account_login"), {"login": anna.user.email}))
    provider.does_wrong(**fault)

    answer = browser.get(way_back(address, anna.user.email))

    assert answer.status_code in (403, 503)
    assert not is_in(browser)
    assert not SignInIdentity.objects.exists()


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email_verified": False}, "does not vouch for your e-mail address"),
        ({"email": "anna@other.example"}, "may not vouch for addresses at other.example"),
        ({"email": "anna@acme.example@other.example"}, "did not tell us who you are"),
        ({"email": ""}, "did not tell us who you are"),
    ],
)
def test_only_verified_addresses_of_its_own_domains_are_believed(works, provider, anna, claims, words):
    provider.knows(anna.user.email)
    provider.does_wrong(**claims)

    browser, answer = sign_in_there(anna.user.email)

    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert not is_in(browser)


def test_microsofts_word_for_a_verified_address_is_understood(works, provider, anna):
    provider.knows(anna.user.email, email_verified=None, xms_edov=True)

    assert is_in(sign_in_there(anna.user.email)[0])


def test_a_provider_may_change_its_keys_at_any_moment(works, provider, anna):
    provider.knows(anna.user.email)
    sign_in_there(anna.user.email)

    provider.changes_its_key()

    assert is_in(sign_in_there(anna.user.email)[0])


def test_a_way_back_works_once_and_in_the_browser_that_began_it(works, provider, anna):
    provider.knows(anna.user.email)
    browser = Client()
    address = address_of(browser.post(reverse("account_login"), {"login": anna.user.email}))
    back = way_back(address, anna.user.email)

    stranger = Client()
    assert stranger.get(back).status_code == 400
    assert not is_in(stranger)
    assert browser.get(back).status_code == 302
    browser.logout()
    assert browser.get(back).status_code == 400
    assert not is_in(browser)


def test_whoever_turns_back_is_told_so_and_nothing_happens(works, provider, anna):
    provider.knows(anna.user.email)
    provider.does_wrong(deny=True)

    browser, answer = sign_in_there(anna.user.email)

    assert "You did not sign in" in answer.content.decode()
    assert not is_in(browser)


def test_a_provider_that_is_not_there_is_said_clearly_and_the_way_is_kept(anna, acme, settings):
    settings.SIGN_IN_SECRETS = {"SIGN_IN_SECRET_ACME": SECRET}
    connect(acme, "http://127.0.0.1:9")

    page = Client().post(
        f"{reverse('account_login')}?next=/cart/", {"login": anna.user.email, "next": "/cart/"}
    )

    text = page.content.decode()
    assert page.status_code == 503
    assert "Works ID cannot be reached" in text
    assert 'name="next" value="/cart/"' in text


@pytest.mark.req("SEC-03")
def test_the_secret_is_read_from_its_file_at_each_use_and_stored_nowhere(
    works, provider, anna, settings, tmp_path
):
    file = tmp_path / "secret"
    file.write_text("an old one\n")
    settings.SIGN_IN_SECRETS = {"SIGN_IN_SECRET_ACME_FILE": str(file)}
    provider.knows(anna.user.email)
    assert not is_in(sign_in_there(anna.user.email)[0])

    file.write_text(f"{SECRET}\n")

    assert is_in(sign_in_there(anna.user.email)[0])
    for model in (SignInConnection, SocialApp, SocialToken, SocialAccount):
        assert SECRET not in str(list(model.objects.values()))
    assert not SocialApp.objects.exists()
    assert not SocialToken.objects.exists()
    assert not SocialAccount.objects.exists()


@pytest.mark.req("ACC-07")
def test_a_newcomer_needs_an_invitation_which_is_accepted_by_signing_in(works, provider, acme):
    ada = enrol("Ada", acme, "administrator")
    provider.knows("new@acme.example", name="Nora New")
    browser, answer = sign_in_there("new@acme.example")
    assert answer.status_code == 403
    assert "Ask its administrator to invite you" in answer.content.decode()
    assert not User.objects.filter(email="new@acme.example").exists()

    branch = CompanyFactory(number="ACME-1", parent=acme)
    for company in (acme, branch):
        invite_member(company, "new@acme.example", "", Place(roles=("buyer",)), by=ada.actor)
    browser, answer = sign_in_there("new@acme.example")

    person = User.objects.get(email="new@acme.example")
    assert browser.session[SESSION_KEY] == str(person.pk)
    assert (person.name, person.has_usable_password()) == ("Nora New", False)
    assert {place.company.number for place in person.memberships.all()} == {"ACME", "ACME-1"}
    assert not Invitation.objects.filter(accepted_at=None).exists()


def test_a_connection_may_take_newcomers_in_with_the_roles_it_names(provider, acme):
    connect(acme, provider.address, newcomers="enrol", newcomer_roles=("requester",))
    provider.knows("new@acme.example")

    browser, _answer = sign_in_there("new@acme.example")

    place = Membership.objects.get(user__email="new@acme.example")
    assert is_in(browser)
    assert (place.company, place.roles) == (acme, ["requester"])


@pytest.mark.req("SEC-13")
@pytest.mark.parametrize("who", ["staff", "superuser", "elsewhere", "stranger", "ended", "inactive"])
def test_it_never_opens_what_is_not_the_companys_own(provider, acme, other, who):
    connect(acme, provider.address, newcomers="enrol", newcomer_roles=("buyer",))
    vera = enrol("Vera", acme, "buyer").user
    place = Membership.objects.get(user=vera)
    if who in ("staff", "superuser"):
        User.objects.filter(pk=vera.pk).update(is_staff=who == "staff", is_superuser=who == "superuser")
    if who == "elsewhere":
        MembershipFactory(user=vera, company=other)
    if who == "stranger":
        Membership.objects.filter(pk=place.pk).update(company=other)
    if who == "ended":
        Membership.objects.filter(pk=place.pk).update(is_active=False)
    if who == "inactive":
        User.objects.filter(pk=vera.pk).update(is_active=False)
    provider.knows(vera.email)

    browser, answer = sign_in_there(vera.email)

    assert answer.status_code == 403
    assert not is_in(browser)
    assert not SignInIdentity.objects.exists()
    assert Membership.objects.filter(user=vera).count() == (2 if who == "elsewhere" else 1)


@pytest.mark.req("SEC-13", "ACC-12")
def test_a_session_of_before_opens_nothing_of_another_company_that_takes_the_person_in_later(
    works, provider, other, anna
):
    provider.knows(anna.user.email)
    browser, _answer = sign_in_there(anna.user.email)
    MembershipFactory(user=anna.user, company=other)
    own = anna.signed_in()

    for one in (browser, own):
        one.post(reverse("portal:company-switch"), {"company": "OTHER"})

    assert (browser.get("/home/").status_code, is_in(browser)) == (302, False)
    assert own.get("/home/").context["scope"].company_number == "OTHER"


@pytest.mark.req("SEC-13", "ACC-12")
def test_nor_is_another_company_acted_for_by_itself(works, provider, acme, other, anna):
    provider.knows(anna.user.email)
    browser, _answer = sign_in_there(anna.user.email)  # acts for nobody yet: the first page says for whom
    MembershipFactory(user=anna.user, company=other)
    Membership.objects.filter(user=anna.user, company=acme).update(is_active=False)

    assert (browser.get("/home/").status_code, is_in(browser)) == (302, False)


def test_and_what_lies_below_the_company_stays_open(works, provider, acme, anna):
    branch = CompanyFactory(number="ACME-1", parent=acme)
    MembershipFactory(user=anna.user, company=branch)
    provider.knows(anna.user.email)
    browser, _answer = sign_in_there(anna.user.email)

    browser.post(reverse("portal:company-switch"), {"company": "ACME-1"})

    assert browser.get("/home/").context["scope"].company_number == "ACME-1"


def test_whose_access_ends_later_stays_out_though_the_provider_vouches_on(works, provider, anna):
    provider.knows(anna.user.email)
    browser, _answer = sign_in_there(anna.user.email)
    assert browser.get("/home/").status_code == 200

    Membership.objects.filter(user=anna.user).update(is_active=False)

    assert browser.get("/home/").status_code == 302
    again, answer = sign_in_there(anna.user.email)
    assert "Your access to Acme Works has ended" in answer.content.decode()
    assert not is_in(again)


def test_an_ended_member_gets_in_again_by_a_new_invitation_alone(works, provider, acme, anna):
    ada = enrol("Ada", acme, "administrator")
    Membership.objects.filter(user=anna.user).update(is_active=False)
    provider.knows(anna.user.email)
    invite_member(acme, anna.user.email, "", Place(roles=("viewer",)), by=ada.actor)

    browser, _answer = sign_in_there(anna.user.email)

    assert is_in(browser)
    assert Membership.objects.get(user=anna.user).roles == ["viewer"]


@pytest.fixture
def only_way(provider, acme):
    return connect(acme, provider.address, is_only_way=True)


def test_where_it_is_the_only_way_no_password_opens_and_right_wrong_and_unknown_answer_alike(
    only_way, provider, anna
):
    texts = set()
    for email, word in (
        (anna.user.email, WORD),
        (anna.user.email, "wrong-4711-wrong"),
        ("nobody@acme.example", WORD),
    ):
        browser = Client()
        page = browser.post(reverse("account_login"), {"login": email, "password": word})
        assert page.status_code == 200
        assert not is_in(browser)
        texts.add(str(page.context["form"].non_field_errors()))

    assert len(texts) == 1
    assert "sign in with Works ID" in texts.pop()
    provider.knows(anna.user.email)
    assert is_in(sign_in_there(anna.user.email)[0])


def test_where_it_is_the_only_way_no_password_is_reset(only_way, anna, sam, mailoutbox):
    pages = [
        Client().post(reverse("account_reset_password"), {"email": email})
        for email in (anna.user.email, "nobody@acme.example")
    ]

    assert [page.status_code for page in pages] == [200, 200]
    assert all("sign in with Works ID" in page.content.decode() for page in pages)
    let_mails_out()
    assert mailoutbox == []


def test_the_only_way_does_not_bind_staff_and_who_acts_for_others_too(only_way, acme, other, mailoutbox):
    clerk = employ("Clerk", "Sales").user
    User.objects.filter(pk=clerk.pk).update(email="clerk@acme.example")
    both = enrol("Both", acme, "buyer").user
    MembershipFactory(user=both, company=other)

    for email in ("clerk@acme.example", both.email):
        browser = Client()
        browser.post(reverse("account_login"), {"login": email, "password": WORD})
        assert is_in(browser)
    Client().post(reverse("account_reset_password"), {"email": both.email})
    let_mails_out()
    assert len(mailoutbox) == 1


@pytest.mark.req("SEC-13", "ACC-07")
def test_a_password_that_opens_another_company_opens_none_that_has_the_only_way(
    only_way, acme, other, provider
):
    both = enrol("Both", acme, "buyer").user
    MembershipFactory(user=both, company=CompanyFactory(number="ACME-1", parent=acme))
    MembershipFactory(user=both, company=other)
    browser = Client()
    browser.post(reverse("account_login"), {"login": both.email, "password": WORD})

    assert browser.get("/home/").context["scope"].company_number == "OTHER"

    for number in ("ACME", "ACME-1"):
        browser = Client()
        browser.post(reverse("account_login"), {"login": both.email, "password": WORD})
        browser.post(reverse("portal:company-switch"), {"company": number, "acting_company": "OTHER"})
        assert (browser.get("/home/").status_code, is_in(browser)) == (302, False)


@pytest.mark.req("ACC-07", "ACC-12")
def test_a_session_of_before_opens_nothing_once_its_address_belongs_to_the_only_way(provider, acme, anna):
    connection = connect(acme, provider.address, is_only_way=True, domains=("elsewhere.example",))
    browser = anna.signed_in()
    assert browser.get("/home/").status_code == 200

    User.objects.filter(pk=anna.user.pk).update(email="anna@elsewhere.example")

    assert (browser.get("/home/").status_code, is_in(browser)) == (302, False)
    assert connection.is_only_way


@pytest.mark.req("ACC-07", "ACC-12")
def test_a_session_that_a_provider_vouched_for_makes_no_password_and_no_passkey(works, provider, acme, anna):
    anna.user.set_unusable_password()
    anna.user.save()
    provider.knows(anna.user.email)
    browser, _answer = sign_in_there(anna.user.email)

    for name, form in (
        ("account_set_password", {"password1": "new-phrase-0815", "password2": "new-phrase-0815"}),
        ("mfa_add_webauthn", {"name": "Key", "credential": "{}"}),
    ):
        assert browser.get(reverse(name)).url == "/security/"
        assert browser.post(reverse(name), form).url == "/security/"
    page = browser.get("/security/").content.decode()

    assert "that makes no password or passkey here" in page
    assert reverse("account_set_password") not in page
    assert reverse("mfa_add_webauthn") not in page
    anna.user.refresh_from_db()
    assert not anna.user.has_usable_password()
    assert not anna.user.authenticator_set.exists()


@pytest.mark.req("ACC-07", "ACC-12")
def test_the_only_way_closes_the_page_of_passkeys_and_a_link_for_a_password_of_before(
    works, provider, acme, anna, mailoutbox
):
    Client().post(reverse("account_reset_password"), {"email": anna.user.email})
    let_mails_out()
    link = re.search(r"/accounts/password/reset/key/\S+", mailoutbox[0].body).group()
    given = {
        "key": "works-id",
        "name": "Works ID",
        "issuer": works.issuer,
        "client_id": CLIENT,
        "secret_name": "SIGN_IN_SECRET_ACME",
    }
    save_connection(
        acme, Draft(**given, domains=("acme.example",), is_only_way=True), connection=works, by=STAFF
    )

    late = Client()
    form = late.get(link, follow=True)
    page = late.post(
        form.request["PATH_INFO"], {"password1": "new-phrase-0815", "password2": "new-phrase-0815"}
    )
    provider.knows(anna.user.email)
    browser, _answer = sign_in_there(anna.user.email)

    assert page.status_code == 200
    assert "People of your company sign in with Works ID" in page.content.decode()
    assert not User.objects.get(pk=anna.user.pk).check_password("new-phrase-0815")
    assert browser.get(reverse("mfa_add_webauthn")).url == "/security/"


def test_turning_the_only_way_on_or_the_connection_off_ends_the_sessions_it_concerns(
    works, provider, anna, clara, acme
):
    with_password, at_provider, foreign = Client(), Client(), Client()
    for browser, person in ((with_password, anna), (foreign, clara)):
        browser.post(reverse("account_login"), {"login": person.user.email, "password": WORD})
    provider.knows(anna.user.email)
    sign_in_there(anna.user.email, at_provider)
    browsers = (with_password, at_provider, foreign)
    assert [browser.get("/home/").status_code for browser in browsers] == [200, 200, 200]

    given = {"key": "works-id", "name": "Works ID", "issuer": works.issuer, "client_id": CLIENT}
    given |= {"domains": ("acme.example",), "secret_name": "SIGN_IN_SECRET_ACME"}
    save_connection(acme, Draft(**given, is_only_way=True), connection=works, by=STAFF)

    assert [browser.get("/home/").status_code for browser in browsers] == [302, 302, 200]
    sign_in_there(anna.user.email, at_provider)
    assert at_provider.get("/home/").status_code == 200
    save_connection(acme, Draft(**given, is_active=False), connection=works, by=STAFF)
    assert [browser.get("/home/").status_code for browser in browsers] == [302, 302, 200]


@pytest.mark.parametrize(
    ("second_factor", "amr", "asks"),
    [
        ("told", ["pwd", "mfa"], False),
        ("told", ["pwd"], True),
        ("provider", ["pwd"], False),
        ("ours", ["pwd", "otp"], True),
    ],
)
def test_the_second_factor_is_asked_for_once_by_whom_the_connection_says(
    provider, acme, anna, second_factor, amr, asks
):
    connect(acme, provider.address, second_factor=second_factor)
    acme.requires_second_factor = True
    acme.save(update_fields=["requires_second_factor"])
    secret = generate_totp_secret()
    TOTP.activate(anna.user, secret)
    provider.knows(anna.user.email, amr=amr)

    browser, answer = sign_in_there(anna.user.email, next_url="/orders/")

    assert is_in(browser) is not asks
    if asks:
        assert answer.url.startswith(reverse("mfa_authenticate"))
        assert "access_token" not in str(dict(browser.session))
        assert browser.post(answer.url, {"code": code_of(secret)}).url == "/orders/"
    assert browser.get("/orders/").status_code == 200
    assert browser.session.get_expiry_age() <= 12 * 3600


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"domains": ("gmail.com",)}, "domains"),
        ({"domains": ("no domain",)}, "domains"),
        ({"domains": ()}, "domains"),
        ({"domains": ("acme.example",), "key": "second"}, "domains"),
        ({"secret_name": "SECRET_KEY"}, "secret_name"),
        ({"newcomers": "enrol"}, "newcomer_roles"),
        ({"newcomers": "enrol", "newcomer_roles": ("emperor",)}, "newcomer_roles"),
    ],
)
def test_a_connection_that_could_not_be_meant_is_refused(works, other, wrong, field):
    given = {"key": "other-id", "name": "Other", "issuer": "https://id.other.example", "client_id": "x"}
    with pytest.raises(InvalidValue) as refusal:
        save_connection(other, Draft(**{"domains": ("other.example",), **given, **wrong}), by=STAFF)

    assert refusal.value.details["field"] == field
    assert SignInConnection.objects.count() == 1


def test_the_issuer_of_a_connection_stays(works, acme):
    moved = Draft(
        key="works-id",
        name="Works ID",
        issuer="https://evil.example",
        client_id=CLIENT,
        domains=("acme.example",),
    )
    with pytest.raises(InvalidValue):
        save_connection(acme, moved, connection=works, by=STAFF)


def test_no_way_on_leads_to_a_foreign_page(works, provider, anna):
    provider.knows(anna.user.email)

    _browser, answer = sign_in_there(anna.user.email, next_url="https://evil.example/")

    assert answer.url == "/home/"


def test_a_sign_in_with_a_password_asks_no_provider(works, provider, anna):
    before = provider.seen()
    Client().get(reverse("account_login"))
    Client().post(reverse("account_login"), {"login": anna.user.email, "password": WORD})
    assert provider.seen() == before


def test_the_password_of_somebody_who_signs_in_by_the_only_way_is_gone_and_comes_back_by_mail_once_it_is_not(
    only_way, provider, acme, anna, mailoutbox
):
    provider.knows(anna.user.email)
    browser, _answer = sign_in_there(anna.user.email)
    anna.user.refresh_from_db()
    assert not anna.user.has_usable_password()
    assert browser.get(reverse("account_set_password")).url == "/security/"
    assert browser.get(reverse("account_change_password")).url == "/security/"
    assert browser.get(reverse("mfa_activate_totp")).status_code == 200

    given = {"key": "works-id", "name": "Works ID", "issuer": only_way.issuer, "client_id": CLIENT}
    save_connection(acme, Draft(**given, domains=("acme.example",)), connection=only_way, by=STAFF)
    Client().post(reverse("account_reset_password"), {"email": anna.user.email})
    let_mails_out()

    assert [mail.to for mail in mailoutbox] == [[anna.user.email]]
    assert "/accounts/password/reset/key/" in mailoutbox[0].body


def test_on_a_shared_browser_the_session_becomes_that_of_who_signed_in_last(works, provider, anna, clara):
    browser = clara.signed_in()
    assert browser.get("/home/").status_code == 200
    provider.knows(anna.user.email)
    page = browser.post(reverse("portal:company-sign-in"), {"email": anna.user.email})

    browser.get(way_back(address_of(page), anna.user.email))

    assert browser.session[SESSION_KEY] == str(anna.user.pk)
    assert browser.get("/home/").context["scope"].company_number == "ACME"


def test_the_way_to_a_provider_is_not_asked_for_without_end(works, provider, anna):
    browser = Client(REMOTE_ADDR="203.0.113.7")
    answers = [
        browser.post(reverse("portal:company-sign-in"), {"email": anna.user.email}).status_code
        for _attempt in range(32)
    ]

    assert answers[0] == 200
    assert answers[-1] == 429


def test_an_unknown_key_and_a_connection_out_of_use_answer_alike(works, provider, acme):
    given = {"key": "works-id", "name": "Works ID", "issuer": works.issuer, "client_id": CLIENT}
    save_connection(
        acme, Draft(**given, domains=("acme.example",), is_active=False), connection=works, by=STAFF
    )

    answers = [Client().get(f"/sign-in/company/{key}/?code=x&state=y") for key in ("works-id", "nothing")]

    assert [answer.status_code for answer in answers] == [404, 404]

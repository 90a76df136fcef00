"""The register of VAT numbers is asked once, keeps its word with us, and its silence is never taken for one."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from django.utils import timezone

from accounts.actions.admission import ask_register_again
from accounts.actions.registrations import (
    Application,
    ask_silent_registers,
    confirm_registration,
    submit_registration,
)
from accounts.models import Registration
from accounts.registrations import pass_of
from core.actor import Actor
from core.models import Case
from integrations import rules
from integrations.actions.systems import note_answer
from integrations.connectors.registry import probe_of
from integrations.failures import CallFailed
from integrations.models import Delivery, System
from integrations.systems import TAX, job_actor
from tests.demo.erp_client import heard
from tests.factories.registrations import AT_NUMBER, FOREIGN, TYPED
from tests.integrations.conftest import relay

pytestmark = pytest.mark.django_db

SCRIPT = Path(__file__).resolve().parents[1] / "tax_register.py"
NOBODY = Actor("portal", "nobody")
KNOWN = {AT_NUMBER: {"name": "NORDLICHT APPARATEBAU GMBH", "address": "HAFENSTRASSE 9\nAT-4020 LINZ"}}


@pytest.fixture(scope="module")
def process():
    """The register's own process."""
    running = subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    yield httpx2.Client(base_url=heard(running)["listening"], timeout=10)
    running.terminate()
    running.wait(timeout=20)


@pytest.fixture
def register(process, settings):
    """The register as the operator has set it up; it knows one number."""
    settings.TAX_REGISTER = {
        "url": str(process.base_url),
        "own_vat": "ATU70128364",
        "connect_seconds": 2,
        "read_seconds": 1,
    }
    process.put("/-/numbers", json=KNOWN)
    process.put("/-/fault", json={})
    process.put("/-/seen")
    return process


def registered(**changes):
    """A registration whose address was confirmed just now."""
    submit_registration(Application(**{**TYPED, **changes}), by=NOBODY)
    made = Registration.objects.latest("pk")
    return confirm_registration(pass_of(str(made.key)), by=NOBODY)


def again():
    """The next attempt, now."""
    Delivery.objects.filter(destination="tax-register", state="waiting").update(next_try_at=timezone.now())
    relay()


def test_a_valid_number_comes_back_with_name_address_and_consultation_number(register):
    made = registered()

    relay()
    relay()

    made.refresh_from_db()
    assert (made.tax_answer, made.tax_name) == ("valid", "NORDLICHT APPARATEBAU GMBH")
    assert made.tax_address == "HAFENSTRASSE 9, AT-4020 LINZ"
    assert made.tax_consultation.startswith("WAPI")
    assert made.tax_answered_at is not None
    asked = register.get("/-/seen").json()
    assert [(one["countryCode"], one["vatNumber"]) for one in asked] == [("AT", "U62047136")]
    assert (asked[0]["requesterMemberStateCode"], asked[0]["requesterNumber"]) == ("AT", "U70128364")
    assert asked[0]["correlation_id"]


def test_a_number_that_the_register_does_not_know_is_not_valid(register):
    made = registered(country="DE", tax_id="DE294718364")

    relay()

    made.refresh_from_db()
    assert (made.tax_answer, made.tax_name, made.tax_consultation) == ("invalid", "", "")


@pytest.mark.req("INT-26")
@pytest.mark.parametrize(
    "fault",
    [
        {"error": "MS_UNAVAILABLE"},
        {"error": "MS_MAX_CONCURRENT_REQ"},
        {"status": 503},
        {"status": 429, "retry_after": "1"},
        {"status": 502},
        {"hang": 1.5},
        {"answer": {"valid": False, "userError": "TIMEOUT"}},
    ],
    ids=str,
)
def test_a_register_that_cannot_say_now_is_asked_again_and_meanwhile_nothing_is_known(register, fault):
    register.put("/-/fault", json=fault)
    made = registered()

    relay()
    made.refresh_from_db()
    assert (made.tax_answer, made.tax_answered_at) == ("asked", None)

    register.put("/-/fault", json={})
    System.objects.filter(key=TAX).update(rest_until=None, next_probe_at=timezone.now())
    again()
    made.refresh_from_db()
    assert made.tax_answer == "valid"


def test_a_register_that_is_not_there_holds_nothing_up_and_is_probed(register, settings, process):
    settings.TAX_REGISTER = {**settings.TAX_REGISTER, "url": "http://127.0.0.1:9"}
    made = registered()

    relay()

    made.refresh_from_db()
    assert made.tax_answer == "asked"
    assert System.objects.get(key=TAX).down_since is not None
    with pytest.raises(CallFailed):
        probe_of(TAX)()
    settings.TAX_REGISTER = {**settings.TAX_REGISTER, "url": str(process.base_url)}
    probe_of(TAX)()
    System.objects.filter(key=TAX).update(next_probe_at=timezone.now())
    again()
    made.refresh_from_db()
    assert made.tax_answer == "valid"


@pytest.mark.parametrize(
    "fault",
    [
        {"garbage": True},
        {"error": "INVALID_INPUT"},
        {"answer": {"valid": "yes"}},
        {"answer": {}},
        {"answer": []},
    ],
    ids=str,
)
def test_an_answer_that_is_none_makes_no_number_valid_or_invalid_and_is_a_case(register, fault):
    register.put("/-/fault", json=fault)
    made = registered()

    relay()

    made.refresh_from_db()
    assert (made.tax_answer, made.tax_answered_at) == ("unreached", None)
    assert made.tax_trouble
    case = Case.objects.get(kind="tax_register_silent")
    assert (case.subject, case.state) == (f"registration:{made.pk}", "open")


def test_after_the_last_attempt_it_is_asked_again_later_and_its_answer_settles_the_case(register, mona):
    register.put("/-/fault", json={"error": "MS_UNAVAILABLE"})
    made = registered()
    relay()
    Delivery.objects.filter(destination="tax-register").update(attempts=rules.MOST_ATTEMPTS - 1)
    again()
    made.refresh_from_db()
    assert made.tax_answer == "unreached"

    register.put("/-/fault", json={})
    note_answer(TAX)
    assert ask_silent_registers(timezone.now() + timedelta(hours=7), by=job_actor("registrations")) == 1
    relay()

    made.refresh_from_db()
    assert (made.tax_answer, made.tax_trouble) == ("valid", "")
    assert Case.objects.get(kind="tax_register_silent").state == "closed"


def test_the_staff_may_have_it_asked_again_after_a_dead_letter(register, mona):
    register.put("/-/fault", json={"garbage": True})
    made = registered()
    relay()
    register.put("/-/fault", json={})

    ask_register_again(made.pk, by=mona.actor)
    relay()

    made.refresh_from_db()
    assert made.tax_answer == "valid"


def test_without_a_register_nothing_is_asked_and_the_staff_reads_so(register, settings):
    settings.TAX_REGISTER = {**settings.TAX_REGISTER, "url": ""}
    made = registered()

    relay()

    made.refresh_from_db()
    assert made.tax_answer == "form"
    assert register.get("/-/seen").json() == []
    assert not Case.objects.exists()


def test_numbers_of_other_countries_are_never_sent_there(register):
    made = registered(country="US", tax_id=FOREIGN)

    relay()

    made.refresh_from_db()
    assert made.tax_answer == "uncheckable"
    assert register.get("/-/seen").json() == []

"""Phase 1 without phase 2: what remains works, what is not there is linked nowhere (OPS-09)."""

import re

import pytest
from django.urls import resolve, reverse

from integrations.actions.settings import change_flow_settings
from integrations.actions.switches import set_phase
from integrations.states import FlowMode
from integrations.systems import job_actor
from portal.features import PAGES, feature_of
from tests.portal.test_every_route import COMMON, OPEN, OWNED, ROUTES, address, anna, arrangement, mine

__all__ = ["anna", "arrangement", "mine"]
pytestmark = pytest.mark.django_db
BY = job_actor("test")
WORDS = ("quote", "invoices", "credit", "shipment")
# Names of things, not links or promises of a part that is off: classes, icons, addresses of the theme.
TEXT = re.compile(r"<script.*?</script>|<style.*?</style>|<[^>]*>", re.DOTALL)


def pages(values) -> dict[str, str]:
    """{name: address} of every page that can be opened with a GET and is no one's business but the buyer's."""
    found = {}
    for name, parameters in ROUTES.items():
        if name in OPEN or name.startswith("api:") or name == "portal:media":
            continue
        if name in OWNED:
            found[name] = address(name, values)
        else:
            found[name] = reverse(name, args=[COMMON[key] for key in parameters])
    return found


@pytest.mark.req("OPS-09")
def test_without_phase_two_every_page_of_buying_works_and_nothing_leads_to_what_is_not_there(mine, anna):
    browser = anna.signed_in()
    before = {name: browser.get(path).status_code for name, path in pages(mine).items()}

    set_phase(1, by=BY, reason="Buying alone")
    after = {name: browser.get(path) for name, path in pages(mine).items()}

    for name, answer in after.items():
        if feature_of(name):
            assert answer.status_code == 404, name
            continue
        assert answer.status_code == before[name], name
        for link in re.findall(r'(?:href|action|hx-get|hx-post)="(/[^"#?]*)', answer.content.decode()):
            if not link.startswith(("/static/", "/admin/")):
                assert not feature_of(resolve(link).view_name), f"{name} leads to {link}"


@pytest.mark.req("OPS-09")
def test_without_phase_two_no_page_speaks_of_quotes_invoices_credit_or_shipments(mine, anna):
    set_phase(1, by=BY, reason="Buying alone")
    browser = anna.signed_in()

    for name in ("home", "cart", "checkout", "order-list", "catalogue"):
        text = TEXT.sub(" ", browser.get(reverse(f"portal:{name}")).content.decode()).lower()
        said = [word for word in WORDS if word in text]
        assert said == [], f"{name} speaks of {said}"


@pytest.mark.req("OPS-09")
@pytest.mark.parametrize(
    ("flow", "gone", "stays"),
    [
        ("erp.costs", "portal:quote-list", "portal:invoice-list"),
        ("erp.invoices", "portal:invoice-list", "portal:quote-list"),
    ],
)
def test_each_part_goes_and_comes_with_its_own_flow(mine, anna, flow, gone, stays):
    browser = anna.signed_in()

    change_flow_settings(flow, {"mode": FlowMode.HELD}, by=BY, note="Not yet")
    off = browser.get(reverse(gone)).status_code, browser.get(reverse(stays)).status_code
    change_flow_settings(flow, {"mode": FlowMode.LIVE}, by=BY, note="Now")
    on = browser.get(reverse(gone)).status_code

    assert off == (404, 200)
    assert on == 200


def test_every_feature_that_has_pages_is_one_that_a_flow_brings():
    from integrations.features import FEATURES

    assert set(PAGES.values()) <= set(FEATURES)
    assert set(FEATURES) == {"credit", "shipments", "invoices", "quotes"}

"""How fast a system may be asked is set in the back office, by who may, and in force with the next call."""

import pytest

from integrations.actions.pace import take_turn
from integrations.models import System

pytestmark = [pytest.mark.django_db, pytest.mark.req("INT-23")]


@pytest.fixture
def page():
    row = System.objects.create(key="erp", kind="erp")
    return f"/admin/integrations/system/{row.pk}/change/"


def test_an_operator_sets_the_pace_and_takes_it_off_again(otto, page):
    browser = otto.signed_in()

    answer = browser.post(page, {"rate_per_second": "2.5", "burst": "4"})

    assert answer.status_code == 302
    system = System.objects.get()
    assert (system.rate_per_second, system.burst) == (2.5, 4)
    assert [take_turn("erp").wait_seconds for _ in range(4)] == [0, 0, 0, 0]
    assert take_turn("erp").wait_seconds > 0
    assert "2.5 calls a second, 4 at once" in browser.get("/admin/integrations/system/").content.decode()
    browser.post(page, {"rate_per_second": "", "burst": "1"})
    assert take_turn("erp") is None


@pytest.mark.parametrize(
    "values", [{"rate_per_second": "0", "burst": "1"}, {"rate_per_second": "1", "burst": "0"}]
)
def test_no_calls_at_all_is_no_pace(otto, page, values):
    assert otto.signed_in().post(page, values).status_code == 200
    assert System.objects.get().rate_per_second is None


def test_who_sells_sets_nothing(sam, page):
    assert sam.signed_in().post(page, {"rate_per_second": "9", "burst": "1"}).status_code == 403
    assert System.objects.get().rate_per_second is None

"""The connection to Tryton: one session, bounded times, errors sorted by what they mean."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.connectors.tryton.transport import Access, ErpSaidNo, Tryton, access
from integrations.connectors.tryton.values import decode, encode, version_of
from integrations.failures import Broken, Transient, UnknownOutcome
from tests.demo.erp_client import PASSWORD

C1 = {"company": 1}


def access_to(url: str, database: str, password: str = PASSWORD, **more) -> Access:
    return Access(url, database, "portal", lambda: password, **{"connect_seconds": 2.0, **more})


def count_parties(erp: Tryton) -> int:
    return erp.call("model.party.party.search_count", [], context=C1)


def test_decimals_and_times_keep_their_value_on_the_way_there_and_back():
    values = {
        "price": Decimal("0.10"),
        "day": date(2026, 11, 21),
        "at": datetime(2026, 11, 21, 8, 30, 1, 250, tzinfo=UTC),
        "none": None,
        "text": "é",
    }

    assert decode(encode(values)) == values
    assert decode(b"1.10") == Decimal("1.10")


def test_a_float_never_leaves_as_a_price():
    with pytest.raises(TypeError):
        encode({"price": object()})
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"price": float("nan")})


def test_versions_sort_like_time():
    early = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    late = datetime(2026, 11, 1, tzinfo=UTC)

    assert version_of(early) < version_of(late)
    assert version_of(None, early, late) == version_of(late)
    assert version_of(None) == ""


@pytest.mark.req("SEC-03")
def test_the_password_is_read_from_its_file_each_time_it_is_needed(tmp_path, settings):
    file = tmp_path / "erp"
    file.write_text("first\n")
    settings.ERP = {**settings.ERP, "url": "http://erp", "user": "portal", "password_file": str(file)}
    place = access()
    first = place.password()

    file.write_text("second\n")

    assert (first, place.password()) == ("first", "second")
    assert "first" not in repr(place)


def test_without_an_erp_everything_waits_and_it_says_which_settings_to_give(settings):
    settings.ERP = {**settings.ERP, "url": ""}

    with pytest.raises(Transient, match="ERP_URL") as missing:
        access()

    assert missing.value.is_absent


def test_an_erp_that_is_not_there_is_absent():
    with pytest.raises(Transient) as failure:
        count_parties(Tryton(access_to("http://127.0.0.1:9", "erp")))

    assert failure.value.is_absent


@pytest.mark.slow
@pytest.mark.xdist_group("tryton")
class TestWithTryton:
    def test_a_lost_session_is_renewed_once_for_all_who_lost_it(self, tryton, proxy):
        erp = Tryton(access_to(proxy.url, tryton.database))
        count_parties(erp)
        erp._session = "cG9ydGFsOjE6bm8tc3VjaC1zZXNzaW9u"
        proxy.forget()
        answers = []

        threads = [threading.Thread(target=lambda: answers.append(count_parties(erp))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert len(answers) == 6
        assert len(set(answers)) == 1
        assert len(proxy.seen("common.db.login")) == 1

    @pytest.mark.req("SEC-03")
    def test_a_changed_password_is_used_without_a_restart(self, tryton, proxy):
        passwords = ["old-and-wrong"]
        access = Access(proxy.url, tryton.database, "portal", lambda: passwords[-1])
        erp = Tryton(access)
        with pytest.raises(Transient) as refused:
            count_parties(erp)
        attempts = len(proxy.seen("common.db.login"))

        passwords.append(PASSWORD)

        assert count_parties(erp) > 0
        assert attempts == 1
        assert refused.value.is_absent
        assert refused.value.retry_after >= 60
        assert "old-and-wrong" not in str(refused.value)

    def test_a_business_error_is_told_apart_from_a_mistake(self, tryton, proxy):
        erp = Tryton(access_to(proxy.url, tryton.database))

        with pytest.raises(ErpSaidNo):
            erp.write("model.sale.sale.create", [{"party": None, "company": 1}], context=C1)
        with pytest.raises(Broken):
            erp.call("model.party.party.search_read", [], 0, 1, None, ["no_such_field"], context=C1)

    @pytest.mark.parametrize("fault", ["drop_after", "drop_before", "garbage"])
    def test_a_lost_answer_is_unknown_for_a_write_and_harmless_for_a_read(self, tryton, proxy, fault):
        erp = Tryton(access_to(proxy.url, tryton.database))
        count_parties(erp)
        proxy.spoil("search_count", fault, times=2)

        with pytest.raises(Transient):
            count_parties(erp)
        with pytest.raises(UnknownOutcome):
            erp.write("model.party.party.search_count", [], context=C1)

    @pytest.mark.req("INT-25")
    def test_no_call_lasts_longer_than_its_limits(self, tryton, proxy):
        erp = Tryton(access_to(proxy.url, tryton.database, read_seconds=4.0))
        count_parties(erp)
        proxy.spoil("search_count", "hang", seconds=12)
        began = datetime.now(UTC)

        with pytest.raises(Transient) as failure:
            count_parties(erp)

        assert (datetime.now(UTC) - began).total_seconds() < 10
        assert failure.value.is_absent

    @pytest.mark.parametrize(("status", "wait"), [(503, None), (429, 7.0)])
    def test_a_busy_erp_has_done_nothing(self, tryton, proxy, status, wait):
        erp = Tryton(access_to(proxy.url, tryton.database))
        count_parties(erp)
        proxy.spoil("search_count", "status", status=status, retry_after="7" if wait else "")

        with pytest.raises(Transient) as busy:
            erp.write("model.party.party.search_count", [], context=C1)

        assert busy.value.retry_after == wait
        assert not busy.value.is_absent

    def test_an_unknown_database_pauses_the_system_instead_of_losing_messages(self, tryton, proxy):
        with pytest.raises(Transient) as failure:
            count_parties(Tryton(access_to(proxy.url, "no_such_erp", read_seconds=60.0)))

        assert failure.value.is_absent

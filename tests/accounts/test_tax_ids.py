"""Tax ids by their form: per country, however they are typed, and never refused where nobody knows the form."""

import pytest

from accounts.tax_ids import TaxId, checked_tax_id, parts_of
from core.errors import InvalidValue


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("AT", "ATU62047136", "ATU62047136"),
        ("at", "u 6204 7136", "ATU62047136"),
        ("AT", "ATU620.471-36", "ATU62047136"),
        ("DE", "294718364", "DE294718364"),
        ("GR", "094259216", "EL094259216"),
        ("GR", "EL 094259216", "EL094259216"),
    ],
)
def test_a_number_of_the_eu_is_kept_with_its_prefix_and_can_be_asked_for(country, typed, kept):
    assert checked_tax_id(country, typed) == TaxId(kept, is_checkable=True, is_registered=True)


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("CH", "CHE-107.787.577 MWST"),
        ("CH", "CHE-107.787.577"),
        ("NO", "NO 995 525 828 MVA"),
        ("GB", "GB 980 7806 84"),
    ],
)
def test_the_form_of_other_countries_is_checked_where_it_is_known(country, typed):
    found = checked_tax_id(country, typed)

    assert (found.is_checkable, found.is_registered) == (True, False)
    assert " " not in found.number


@pytest.mark.parametrize(
    ("country", "typed"), [("US", "12-3456789"), ("LI", "50 000"), ("AE", "100123456700003")]
)
def test_where_no_form_is_known_the_number_is_taken_as_it_is(country, typed):
    found = checked_tax_id(country, typed)

    assert (found.is_checkable, found.is_registered) == (False, False)


@pytest.mark.parametrize(
    ("country", "typed", "says"),
    [
        ("AT", "ATU62047137", "begins with AT"),
        ("AT", "DE294718364", "another country (DE)"),
        ("CH", "CHE-107.787.578", "a digit may be wrong"),
        ("AT", "  - ", "as it stands on its invoices"),
        ("US", "9" * 40, "as it stands on its invoices"),
    ],
)
def test_a_wrong_number_is_refused_with_what_to_do(country, typed, says):
    with pytest.raises(InvalidValue) as refusal:
        checked_tax_id(country, typed)

    assert refusal.value.details["field"] == "tax_id"
    assert says in str(refusal.value)


def test_the_register_gets_prefix_and_number_apart():
    assert parts_of("EL094259216") == ("EL", "094259216")

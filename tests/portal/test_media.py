"""Pictures of the PIM: served to those who may see the product, and nothing else from the disk."""

import pytest
from django.urls import reverse

from catalog.models import Media
from tests.factories.accounts import UserFactory
from tests.factories.catalog import MediaFactory, ProductFactory

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def drop(tmp_path, settings):
    (tmp_path / "pim" / "media").mkdir(parents=True)
    (tmp_path / "pim" / "media" / "a.svg").write_bytes(SVG)
    (tmp_path / "pim" / "media" / "sheet.pdf").write_bytes(b"%PDF-")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "pim" / "media" / "link.svg").symlink_to(tmp_path / "secret.txt")
    settings.PIM_DROP = str(tmp_path / "pim")
    return tmp_path


def ask(member, reference, **headers):
    return member.signed_in().get(reverse("portal:media", args=[reference]), headers=headers)


def test_a_picture_can_run_and_load_nothing_and_stays_in_this_browser(anna, drop):
    MediaFactory(reference="media/a.svg")

    answer = ask(anna, "media/a.svg")

    assert b"".join(answer.streaming_content) == SVG
    assert answer["Content-Type"] == "image/svg+xml"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer["Cache-Control"]


@pytest.mark.req("PERF-08")
def test_a_picture_that_the_browser_has_is_not_sent_again(anna, drop):
    MediaFactory(reference="media/a.svg")
    first = ask(anna, "media/a.svg")

    again = ask(anna, "media/a.svg", **{"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    assert again["ETag"] == first["ETag"]
    assert "private" in again["Cache-Control"]


def test_a_document_is_handed_over_as_a_file(anna, drop):
    MediaFactory(reference="media/sheet.pdf", kind=Media.Kind.DOCUMENT)

    assert "attachment" in ask(anna, "media/sheet.pdf")["Content-Disposition"]


@pytest.mark.parametrize(
    "reference",
    [
        "../secret.txt",
        "media/../../secret.txt",
        "media/link.svg",
        "/etc/passwd",
        "media",
        "media/gone.svg",
    ],
)
def test_no_reference_leads_out_of_the_drop_not_even_one_that_the_pim_gave(anna, drop, reference):
    MediaFactory(reference=reference)

    assert ask(anna, reference).status_code == 404


def test_a_file_that_no_product_names_is_not_served(anna, drop):
    assert ask(anna, "media/a.svg").status_code == 404


def test_the_picture_of_a_hidden_product_is_not_served(anna, drop):
    MediaFactory(reference="media/a.svg", product=ProductFactory(unpublished=True))

    assert ask(anna, "media/a.svg").status_code == 404


def test_strangers_and_people_without_a_company_get_no_picture(client, db, drop):
    MediaFactory(reference="media/a.svg")
    address = reverse("portal:media", args=["media/a.svg"])

    stranger = client.get(address)
    client.force_login(UserFactory(), "allauth.account.auth_backends.AuthenticationBackend")

    assert stranger.status_code == 302
    assert client.get(address).status_code == 404

"""The demo's list of the mails it sent."""

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

pytestmark = pytest.mark.django_db


@pytest.fixture
def outbox_folder(settings, tmp_path):
    settings.DEMO = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mails"
    return settings.EMAIL_FILE_PATH


def _send(subject: str, text: str, html: str = "") -> None:
    message = EmailMultiAlternatives(subject, text, to=["anna@acme.example"])
    if html:
        message.attach_alternative(html, "text/html")
    message.send()


def test_before_the_first_mail_the_page_says_what_makes_one(client, outbox_folder):
    assert "No mail yet" in client.get("/mails/").content.decode()


def test_every_mail_is_listed_and_opens_with_links_that_work(client, outbox_folder):
    _send("Quote Q-10001 für Sie", "See http://127.0.0.1:8000/quotes/Q-10001/ please.")
    with mail.get_connection() as connection:  # two in one file
        for number in (1, 2):
            connection.send_messages([EmailMultiAlternatives(f"Order {number}", "x", to=["b@x.example"])])

    page = client.get("/mails/").content.decode()
    href = page.split("Quote Q-10001 für Sie")[0].rsplit('href="', 1)[1].split('"')[0]
    detail = client.get(href).content.decode()

    assert page.count('class="nm"') == 3
    assert '<a href="http://127.0.0.1:8000/quotes/Q-10001/"' in detail
    assert "anna@acme.example" in detail


def test_the_html_of_a_mail_is_shown_where_it_can_do_nothing(client, outbox_folder):
    _send("Order", "text", "<p>Hello</p><script>alert(1)</script>")
    href = client.get("/mails/").content.decode().split('class="nm"><a href="')[1].split('"')[0]

    response = client.get(f"{href}html/")

    assert "<p>Hello</p>" in response.content.decode()
    assert "script-src" not in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "sandbox" in response["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/mails/..%2f..%2fsettings/", "/mails/nothing/", "/mails/nothing/html/"])
def test_a_mail_that_is_not_there_is_not_found(client, outbox_folder, path):
    assert client.get(path).status_code == 404


def test_outside_demo_and_development_there_is_no_such_page(client, outbox_folder, settings):
    _send("Secret", "text")
    settings.DEMO = False

    assert client.get("/mails/").status_code == 404

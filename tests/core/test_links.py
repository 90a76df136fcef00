"""Nobody sends others a link in a mail of ours by a name or by quoted words."""

import pytest

from core.links import holds_link, without_links

pytestmark = pytest.mark.req("ACC-17", "ACC-07")


@pytest.mark.parametrize(
    "text",
    [
        "evil.com/pay",
        "Pay at evil.com",
        "EVIL.COM",
        "https://evil.example",
        "//evil.example/x",
        "www.evil.zz",
        "evil.com:8080",
        "evil.zz/pay",
        "evil\u3002com/pay",
        "evil\u200b.com",
        "evil\uff0ecom",
        "evil\u2024com",
        "hxxp://evil.zz",
        "javascript://x",
        "mailto:x@y",
        "x@evil.zz",
        "10.0.0.1",
        "пример.com/pay",
        "Your order\nPay here",
        "login.bank.co.uk",
    ],
)
def test_what_a_mail_program_makes_a_link_of_is_no_name(text):
    assert holds_link(text)


@pytest.mark.parametrize(
    "name",
    [
        "Alpina Stahlbau Ges.m.b.H.",
        "Huber GmbH & Co.KG",
        "Huber GmbH & Co. KG",
        "Visser B.V.",
        "Rossi S.r.l.",
        "Dr.Huber",
        "St.Anton Seilbahn AG",
        "J.R. Smith",
        "3.14 Ventures",
        "A/S Nordlicht",
        "Müller/Söhne oHG",
        "O'Neill-Lopez, Maria",
        "U.S. Steel Corp.",
    ],
)
def test_names_of_companies_and_people_are_names(name):
    assert not holds_link(name)
    assert without_links(name) == name


def test_quoted_words_leave_addresses_out_and_nothing_else():
    assert without_links("Too dear, see evil.com/pay?x=1 or https://evil.zz. Ask me.") == (
        "Too dear, see […] or […] Ask me."
    )
    assert without_links("M8.5 at 1.25/piece, by 3.12., cf. 4762-M8") == (
        "M8.5 at 1.25/piece, by 3.12., cf. 4762-M8"
    )
    assert without_links("two\nlines stay") == "two\nlines stay"

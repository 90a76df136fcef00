"""The story's plain browser does only what a page offers, and its log notices a difference."""

import pytest

from demo.telling.log import Log
from demo.telling.reader import NotOnPage, PageReader

PAGE = """
<html><head><title>no word of this</title></head><body>
<h1>Cart</h1> <script>let hidden = "no";</script>
<a href="/quotes/Q-1/"><svg></svg> Quote <b>Q-1</b></a>
<form method="POST" action="/cart/lines/">
  <input type="hidden" name="token" value="t-1"><input name="quantity" value="3">
  <input type="checkbox" name="in_parts" value="yes"><input type="checkbox" name="agreed" checked>
  <input type="radio" name="way" value="sea"><input type="radio" name="way" value="air" checked>
  <select name="unit"><option value="u">piece</option><option value="b200" selected>box</option></select>
  <textarea name="note">
first line</textarea><input name="off" value="1" disabled>
  <button name="then" value="cart">Add and ask</button><button formaction="/elsewhere/">Other</button>
  <button type="button">Not a submit</button>
</form>
<form id="f" method="post"></form><input name="late" value="L" form="f">
</body></html>
"""


@pytest.fixture
def reader():
    reader = PageReader("http://x/cart/")
    reader.feed(PAGE)
    reader.close()
    return reader


def test_a_form_is_sent_as_a_browser_without_scripts_would_send_it(reader):
    form = reader.forms[0]

    assert form.filled("Add and ask") == [
        ("token", "t-1"),
        ("quantity", "3"),
        ("agreed", "on"),
        ("way", "air"),
        ("unit", "b200"),
        ("note", "first line"),
        ("then", "cart"),
    ]
    assert dict(form.filled("Other", quantity=5, unit="u", in_parts="yes"))["in_parts"] == "yes"
    assert (form.target("Add and ask"), form.target("Other")) == ("/cart/lines/", "/elsewhere/")
    assert form.method == "post"


def test_fields_outside_of_a_form_belong_to_the_form_they_name(reader):
    assert reader.forms[1].fields == [("late", "L")]


@pytest.mark.parametrize(
    ("press", "values"),
    [
        ("Delete", {}),
        ("Not a submit", {}),
        ("", {"price": "1"}),
        ("", {"unit": "pallet"}),
        ("", {"off": "2"}),
    ],
)
def test_what_the_page_does_not_offer_cannot_be_done(reader, press, values):
    with pytest.raises(NotOnPage):
        reader.forms[0].filled(press, **values)


def test_words_and_links_are_what_a_person_reads(reader):
    assert reader.links == [("Quote Q-1", "/quotes/Q-1/")]
    assert "no" not in "".join(reader.words).split()


def test_the_log_counts_what_agrees_and_ends_with_an_error_for_what_does_not(capsys):
    log = Log()
    log.same("net", "40.00", "40.00")
    assert log.end() == 0

    log.same("quantity", 2.0, 3)

    assert log.end() == 1
    assert "DIFFERS" in capsys.readouterr().out
    assert log.differences == ["quantity: 2 here, 3 there"]

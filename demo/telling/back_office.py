"""The scenes of the back office: sales builds the quote, the manager approves, the operator looks for cases."""

from __future__ import annotations

from decimal import Decimal

from demo.telling.browser import PlainBrowser
from demo.telling.scenes import Story, number_in

# More than the policy lets sales give alone: somebody else has to approve.
SHARE = Decimal("0.88")


def build_the_quote(story: Story, sales: PlainBrowser) -> None:
    """Open the request, offer its lines below the usual price, and ask for approval."""
    story.log.chapter("Lena Brandt sells")
    rfq = story.numbers["rfq"]
    page = sales.go("/admin/quotes/rfq/").must_say(rfq)
    page = page.follow(rfq)
    story.log.told("Lena Brandt", f"opened {rfq} with the buyer's wishes beside today's prices")
    page = page.submit(page.form(action="/start/"))
    story.numbers["quote"] = quote = number_in(page, "Q")
    form = page.form(action="/save/")
    values = {
        name.replace("-", "__"): _lower(value)
        for name, value in form.fields
        if name.endswith("-unit_price") and value
    }
    page = page.submit(form, "Save draft", message="With our best price for the yearly need.", **values)
    page.must_say("Needs approval")
    story.log.told("Lena Brandt", f"built {quote} 12 % below the usual prices: the policy asks for approval")
    page = page.submit(page.form(action="/save/"), "Submit for approval")
    story.log.told("Lena Brandt", f"asked for approval of {quote}")


def _lower(shown: str) -> str:
    """The offered price: a share of the usual one, to the cent."""
    return str((Decimal(shown.replace(",", "")) * SHARE).quantize(Decimal("0.01")))


def approve_the_quote(story: Story, sales: PlainBrowser, manager: PlainBrowser) -> None:
    """The maker cannot approve; the manager does, and sends."""
    quote = story.numbers["quote"]
    own = sales.go(f"/admin/quotes/quote/{quote}/quote/approval/").must_say(quote)
    buttons = [button.text for form in own.forms for button in form.buttons]
    story.log.same("buttons to approve one's own quote", sum("Approve" in text for text in buttons), 0)
    page = manager.go("/admin/").follow(quote)
    form = page.form("comment", press="Approve and send")
    page.submit(form, "Approve and send", comment="Agreed for the yearly need.")
    story.log.told("Tomas Hölzl", f"approved {quote} and sent it to the buyer")


def nothing_is_stuck(story: Story, operator: PlainBrowser) -> None:
    """The operator finds no case about this order, and its deliveries done."""
    story.log.chapter("Mira Okafor looks after it")
    order = story.numbers["order"]
    cases = operator.go("/admin/core/case/")
    story.log.same(f"open cases that name {order}", cases.text.count(order), 0)
    operator.go("/admin/integrations/delivery/").follow("Delivered").must_say(order)
    story.log.told("Mira Okafor", f"sees the deliveries of {order} and no case about it")

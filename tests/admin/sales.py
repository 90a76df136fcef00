"""The addresses and forms of the pages of sales, for tests of them."""

from django.urls import reverse

from tests.factories.quotes import working

HOME = reverse("admin:index")


def url(verb, quote):
    return reverse(f"admin:quotes_quote_{verb}", args=[quote.number])


def rfq_url(verb, rfq):
    return reverse(f"admin:quotes_rfq_{verb}", args=[rfq.number])


def form_of(quote, then="", **changes):
    """What the builder's page would send: every line as saved, some prices changed."""
    revision = working(quote)
    lines = list(revision.lines.order_by("position"))
    form = {
        "version": quote.version,
        "valid_until": revision.valid_until.isoformat(),
        "requested_on": "",
        "message": revision.message,
        "internal_note": revision.internal_note,
        "then": then,
        "line-TOTAL_FORMS": len(lines) + 2,
        "line-INITIAL_FORMS": len(lines),
        "line-MIN_NUM_FORMS": 0,
        "line-MAX_NUM_FORMS": 500,
    }
    for nth, line in enumerate(lines):
        form |= {
            f"line-{nth}-was": line.position,
            f"line-{nth}-sku": line.sku,
            f"line-{nth}-unit_key": line.unit_key,
            f"line-{nth}-quantity": f"{line.quantity.normalize():f}",
            f"line-{nth}-unit_price": "" if line.unit_price is None else str(line.unit_price),
            f"line-{nth}-note": line.note,
        }
    return {**form, **changes}

"""What the pages of sales share: who looks, at which version, and the way back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from quotes.queries.desk import desk_of
from quotes.queries.quote_desk import DeskQuote, quote_desk


def seen_quote(request: HttpRequest, number: str) -> DeskQuote:
    """The quote as the desk of the person who asks sees it. Raises NotAllowed or NotFound."""
    return quote_desk(desk_of(request.user.pk), number)


def seen_version(request: HttpRequest) -> int:
    """The version that the posted page showed; 0, which no quote has, when it says none."""
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() else 0


def to_quote(number: str) -> HttpResponse:
    """On to the page of the quote."""
    return redirect("admin:quotes_quote_page", number)

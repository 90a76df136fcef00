"""Whose amounts a part of a page may write, where a list holds documents of several companies."""

from django import template
from django.utils.safestring import SafeString

register = template.Library()


class AmountsNode(template.Node):
    """What stands between `amounts_of` and `endamounts_of`."""

    def __init__(self, company_id: template.base.FilterExpression, inner: template.NodeList) -> None:
        self.company_id = company_id
        self.inner = inner

    def render(self, context: template.Context) -> SafeString:
        """Write it; a page without a scope shows what it would show anyway."""
        scope = context.get("scope")
        if scope is None:
            return self.inner.render(context)
        with scope.amounts_of(self.company_id.resolve(context)):
            return self.inner.render(context)


@register.tag
def amounts_of(parser: template.base.Parser, token: template.base.Token) -> AmountsNode:
    """Write amounts as far as prices of a company may be seen: around each row of a list that holds several's.

    {% amounts_of order.company_id %} ... {% endamounts_of %}
    """
    try:
        _name, company_id = token.split_contents()
    except ValueError:
        raise template.TemplateSyntaxError("amounts_of takes the company's key") from None
    inner = parser.parse(("endamounts_of",))
    parser.delete_first_token()
    return AmountsNode(parser.compile_filter(company_id), inner)

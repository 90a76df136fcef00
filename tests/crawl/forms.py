"""A form of the back office as a browser would send it, choices included."""

from html.parser import HTMLParser


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._fields: dict[str, list[str]] | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        name, value = told.get("name", ""), told.get("value", "")
        if tag == "form":
            self._fields = {}
            self.forms.append(self._fields)
        elif self._fields is None:
            return
        elif tag == "input" and name and "disabled" not in told:
            kind = told.get("type", "text")
            if kind not in ("radio", "checkbox", "submit") or "checked" in told:
                self._fields.setdefault(name, []).append(value or ("on" if kind == "checkbox" else ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in told:
            self._fields.setdefault(self._select, []).append(value)
        elif tag == "textarea":
            self._area = name
            self._fields[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._fields is not None:
            self._fields[self._area][0] += data


def filled(page: str, *, having: str = "") -> dict[str, list[str]]:
    """The fields of the page's form that has a field of this name, or of its largest one; none without one."""
    reader = _Forms()
    reader.feed(page)
    return max((form for form in reader.forms if not having or having in form), key=len, default={})

"""Reading a page as a browser without script does: its forms with their hidden fields, its text."""

import re
from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, object]] = []
        self.words: list[str] = []
        self._in_form = False
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._in_form = True
            self.forms.append({"action": values.get("action", ""), "fields": {}})
        elif tag == "input" and self._in_form and values.get("name"):
            kind = values.get("type", "text")
            if kind not in ("radio", "checkbox") or "checked" in values:
                self.forms[-1]["fields"][values["name"]] = values.get("value", "")  # type: ignore[index]
        elif tag == "textarea" and self._in_form:
            self._area = values.get("name", "")
            self.forms[-1]["fields"][self._area] = ""  # type: ignore[index]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1]["fields"][self._area] += data  # type: ignore[index,operator]
        self.words.append(data)


def form_of(response, action: str = "", *, having: str = "") -> dict[str, str]:
    """The fields of the page's form that posts to `action`, or that has a field `having`."""
    reader = _Reader()
    reader.feed(response.content.decode())
    for form in reader.forms:
        if (action and form["action"] == action) or (having and having in form["fields"]):  # type: ignore[operator]
            return dict(form["fields"])  # type: ignore[call-overload]
    raise AssertionError(f"no form for {action or having} on the page")


def text_of(response) -> str:
    """The words of the page in one line."""
    reader = _Reader()
    reader.feed(response.content.decode())
    return re.sub(r"\s+", " ", " ".join(reader.words)).strip()


def seen_in(response) -> str:
    """What a form of the back office says that it was made of."""
    (word,) = re.findall(r'name="seen_version" value="([0-9a-f]{64})"', response.content.decode())
    return word

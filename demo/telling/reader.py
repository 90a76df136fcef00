"""What a page says without JavaScript: its words, links and forms, read from the HTML alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

SKIPPED = {"script", "style", "template", "svg", "head"}
EMPTY = {"input", "br", "img", "hr", "meta", "link", "col", "source", "wbr", "use", "path", "area", "base"}


class NotOnPage(Exception):
    """The page does not show what the story looks for; the message says what it shows instead."""


@dataclass
class Button:
    """A way to submit a form. action: its own address, if it has one."""

    text: str
    name: str
    value: str
    action: str


@dataclass
class Form:
    """A form with its fields in order, as they would be sent untouched."""

    url: str
    action: str
    method: str
    key: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names of the fields, ticked or not."""
        return list(dict.fromkeys([*(name for name, _ in self.fields), *self.choices]))

    def filled(self, press: str = "", **values: object) -> list[tuple[str, str]]:
        """What would be sent. press: the text of the button; values: by name of the field.

        Raises NotOnPage for a field, choice or button that the form does not have.
        """
        sent = list(self.fields)
        for name, value in values.items():
            name = name.replace("__", "-")
            if name not in self.names:
                raise NotOnPage(f"{self.url}: no field {name!r} among {self.names}")
            text = str(value)
            allowed = self.choices.get(name)
            if allowed is not None and text not in allowed:
                raise NotOnPage(f"{self.url}: {name} cannot be {text!r}, only {allowed}")
            sent = [pair for pair in sent if pair[0] != name] + [(name, text)]
        button = self.button(press)
        if button and button.name:
            sent.append((button.name, button.value))
        return sent

    def button(self, text: str) -> Button | None:
        """The button with this text, or the first one."""
        if not text:
            return self.buttons[0] if self.buttons else None
        for button in self.buttons:
            if text.lower() in button.text.lower():
                return button
        raise NotOnPage(f"{self.url}: no button {text!r} among {[b.text for b in self.buttons]}")

    def target(self, press: str = "") -> str:
        """The address it is sent to, as it stands in the page."""
        button = self.button(press)
        return (button.action if button else "") or self.action or self.url


class PageReader(HTMLParser):
    """Collects words, links and forms, also fields that name their form from outside of it."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.words: list[str] = []
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.open_form: Form | None = None
        self.skipping: list[str] = []
        self.link: tuple[str, list[str]] | None = None
        self.button: tuple[dict[str, str], list[str]] | None = None
        self.area: tuple[dict[str, str], list[str]] | None = None
        self.select: tuple[dict[str, str], list[tuple[str, bool]]] | None = None
        self.option: tuple[dict[str, str], list[str]] | None = None
        self.late: list[tuple[str, str, dict[str, str], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag in SKIPPED:
            self.skipping.append(tag)
        elif tag == "form":
            self.open_form = Form(
                self.url, has.get("action", ""), has.get("method", "get").lower(), has.get("id", "")
            )
            self.forms.append(self.open_form)
        elif tag == "a" and "href" in has:
            self.link = (has["href"], [])
        elif tag == "input":
            self._input(has)
        elif tag == "button":
            self.button = (has, [])
        elif tag == "textarea":
            self.area = (has, [])
        elif tag == "select":
            self.select = (has, [])
        elif tag == "option":
            self.option = (has, [])
        if tag not in EMPTY:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self.skipping and tag == self.skipping[-1]:
            self.skipping.pop()
        elif tag == "form":
            self.open_form = None
        elif tag == "a" and self.link:
            self.links.append((squeezed(self.link[1]), self.link[0]))
            self.link = None
        elif tag == "button" and self.button:
            self._add("button", self.button[0], squeezed(self.button[1]))
            self.button = None
        elif tag == "textarea" and self.area:
            self._add("field", self.area[0], "".join(self.area[1]).lstrip("\n"))
            self.area = None
        elif tag == "option" and self.option and self.select:
            has, text = self.option
            self.select[1].append((has.get("value", squeezed(text)), "selected" in has))
            self.option = None
        elif tag == "select" and self.select:
            self._select(*self.select)
            self.select = None
        self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self.skipping:
            return
        self.words.append(data)
        for open_one in (self.link, self.button, self.area, self.option):
            if open_one is not None:
                open_one[1].append(data)

    def _input(self, has: dict[str, str]) -> None:
        kind = has.get("type", "text").lower()
        if kind in {"submit", "image"}:
            self._add("button", has, has.get("value", ""))
        elif kind in {"checkbox", "radio"}:
            self._add("choice", has, has.get("value", "on"))
            if "checked" in has:
                self._add("field", has, has.get("value", "on"))
        elif kind not in {"button", "reset", "file"}:
            self._add("field", has, has.get("value", ""))

    def _select(self, has: dict[str, str], options: list[tuple[str, bool]]) -> None:
        chosen = [value for value, is_chosen in options if is_chosen]
        for value, _ in options:
            self._add("choice", has, value)
        for value in chosen or [value for value, _ in options][:1]:
            self._add("field", has, value)

    def _add(self, what: str, has: dict[str, str], value: str) -> None:
        if "disabled" in has or (what != "button" and not has.get("name")):
            return
        if "form" in has:
            self.late.append((has["form"], what, has, value))
        elif self.open_form is not None:
            _put(self.open_form, what, has, value)

    def close(self) -> None:
        """Give the fields outside of their form to it."""
        super().close()
        for key, what, has, value in self.late:
            for form in self.forms:
                if form.key == key:
                    _put(form, what, has, value)


def _put(form: Form, what: str, has: dict[str, str], value: str) -> None:
    if what == "button":
        if has.get("type", "submit").lower() == "submit" or has.get("type") == "image":
            button = Button(value, has.get("name", ""), has.get("value", ""), has.get("formaction", ""))
            form.buttons.append(button)
    elif what == "choice":
        form.choices.setdefault(has["name"], []).append(value)
    else:
        form.fields.append((has["name"], value))


def squeezed(words: list[str]) -> str:
    """The words with single spaces between them."""
    return " ".join("".join(words).split())

"""What holds for every template and static file: no inline code, known icons, files that exist."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from django.core.management import call_command
from django.test import override_settings

from orders.states import DeliveryStatus, InvoiceStatus, OrderStatus, PaymentStatus, ShipmentStatus
from portal.tones import TONES
from quotes.states import QuoteStatus, RfqStatus

ROOT = Path(__file__).resolve().parents[2]
ICONS = ROOT / "static" / "vendor" / "tabler-icons-3.51.0"
OURS = [
    path
    for path in sorted((ROOT / "templates").rglob("*.html"))
    # mails are read by mail programs; the admin theme's own line keeps the theme's handlers
    if "emails" not in path.parts and path.name != "welcomemsg.html"
]
PYTHON = [
    path
    for app in ("portal", "orders", "quotes", "catalog", "integrations")
    for path in (ROOT / app).rglob("*.py")
]


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("template", OURS, ids=_named)
def test_no_template_has_inline_style_script_or_handler(template):
    text = template.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle=[\"']", text)
    assert not re.search(r"<style[\s>]", text)
    assert not re.search(r"\son[a-z]+=[\"']", text)
    for script in re.findall(r"<script[^>]*>", text):
        # A block of JSON is data that a script reads; no browser runs it.
        assert "src=" in script or 'type="application/json"' in script


@pytest.mark.parametrize("template", OURS, ids=_named)
def test_no_template_names_a_foreign_host(template):
    text = template.read_text(encoding="utf-8")

    assert not re.search(r"(src|href|action)=[\"'](https?:)?//", text)


def test_every_icon_that_is_used_is_in_the_sprite_and_no_other():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ICONS / "icons.svg").read_text()))
    listed = (ICONS / "icons.txt").read_text().split()
    everything = "\n".join(path.read_text(encoding="utf-8") for path in [*OURS, *PYTHON])
    named = set(re.findall(r'(?:<c-icon[^>]*?name|icon)="([a-z0-9-]+)"', everything))

    assert listed == sorted(sprite)
    assert named - sprite == set()
    words = set(re.findall(r'["\'}]([a-z0-9-]+)["\'{]', everything))
    assert sprite - words == set()


def test_the_static_files_can_be_stored_under_names_that_never_change(tmp_path):
    storages = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}

    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)

    assert (tmp_path / "staticfiles.json").exists()
    assert list((tmp_path / "accord").glob("tokens.*.css"))


def test_what_templates_load_from_static_exists():
    wanted = set()
    for template in OURS:
        wanted |= set(re.findall(r"{% static ['\"]([^'\"]+)['\"] %}", template.read_text(encoding="utf-8")))

    assert {path for path in wanted if find(path) is None} == set()


def _luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT = ("ink", "text", "subtle")
GROUNDS = ("page", "tint", "hover", "act-bg", "idle-bg", "good-bg", "warn-bg", "bad-bg")
PAIRS = [(ink, ground) for ink in TEXT for ground in GROUNDS] + [
    (f"{state}-ink", f"{state}-bg") for state in ("idle", "good", "warn", "bad", "act")
]


def _tokens() -> dict[str, str]:
    text = (ROOT / "static" / "accord" / "tokens.css").read_text()
    return dict(re.findall(r"--ac-([a-z0-9-]+): (#[0-9a-f]{6})", text))


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_every_ink_is_readable_on_every_ground(ink, ground):
    tokens = _tokens()

    assert _contrast(tokens[ink], tokens[ground]) >= 4.5


@pytest.mark.parametrize("mark", ["field-line", "act", "good", "warn", "bad", "idle"])
def test_lines_of_fields_and_marks_of_states_stand_out_from_the_surface(mark):
    assert _contrast(_tokens()[mark], "#ffffff") >= 3


@pytest.mark.parametrize("source", ["portal", "hub", "erp", "pim", "carrier", "act-ink"])
def test_the_words_of_sources_and_links_are_readable(source):
    assert _contrast(_tokens()[source], "#ffffff") >= 4.5


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("order", OrderStatus),
        ("delivery", DeliveryStatus),
        ("invoicing", InvoiceStatus),
        ("payment", PaymentStatus),
        ("shipment", ShipmentStatus),
        ("quote-desk", QuoteStatus),
        ("rfq", RfqStatus),
        ("rfq-desk", RfqStatus),
    ],
)
def test_every_status_has_a_tone(kind, states):
    assert set(TONES[kind]) == set(states.values)

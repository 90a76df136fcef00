"""The look of the back office: settings of the admin theme."""

UNFOLD: dict[str, object] = {"SITE_TITLE": "Accord", "SITE_HEADER": "Accord"}

"""How Django's own templates write dates and times, per language; the rest is portal.templatetags.accord."""

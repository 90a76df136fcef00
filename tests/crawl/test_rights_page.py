"""docs/rights.md says what the tables say."""

import pytest
from django.core.management import CommandError, call_command

from portal import rights_page
from portal.management.commands import rights


@pytest.mark.req("ACC-05")
def test_the_page_of_rights_is_what_the_tables_say(monkeypatch, tmp_path):
    call_command("rights", "--check")

    monkeypatch.setattr(rights, "PATH", tmp_path / "rights.md")
    (tmp_path / "rights.md").write_text(rights_page.rights_page() + "| more |")
    with pytest.raises(CommandError, match="not up to date"):
        call_command("rights", "--check")

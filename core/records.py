"""The root of every record: what an app takes from feeds or hands out in events."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen, validated message. Fields that the contract does not name are not kept (INT-63)."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

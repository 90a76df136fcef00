"""What a VIES asks and answers, in our words. What it does not know is refused.

Version 1, for the REST form of VIES: check-vat-number.
"""

from typing import Any

from accounts.actions.registrations import RegisterWord
from accounts.tax_ids import parts_of
from integrations.failures import Broken, Transient

VERSION = 1
# Its errors after which the same question may be answered later; every other one is a mistake in the question.
LATER = frozenset(
    {
        "MS_UNAVAILABLE",
        "SERVICE_UNAVAILABLE",
        "TIMEOUT",
        "SERVER_BUSY",
        "MS_MAX_CONCURRENT_REQ",
        "MS_MAX_CONCURRENT_REQ_TIME",
        "GLOBAL_MAX_CONCURRENT_REQ",
        "GLOBAL_MAX_CONCURRENT_REQ_TIME",
        "INTERNAL_ERROR",
    }
)
# What it writes where a state does not give a name or address away.
NOTHING = "---"


def question(number: str, own: str) -> dict[str, str]:
    """The body of a question. own: our VAT number with its prefix; with it the answer has a consultation number."""
    prefix, rest = parts_of(number)
    asked = {"countryCode": prefix, "vatNumber": rest}
    if own:
        asked |= {"requesterMemberStateCode": own[:2], "requesterNumber": own[2:]}
    return asked


def word(answer: Any) -> RegisterWord:
    """An answer: valid or not, and what goes with it. Raises Transient where it could not say, Broken for nonsense."""
    if not isinstance(answer, dict):
        raise Broken("What came back is no answer of a register.")
    errors = [
        str(item.get("error", "")) for item in answer.get("errorWrappers") or [] if isinstance(item, dict)
    ]
    told = str(answer.get("userError") or "")
    if told and told not in ("VALID", "INVALID"):
        errors.append(told)
    if errors:
        kind = Transient if errors[0] in LATER else Broken
        raise kind(f"The register says {errors[0][:60]}.")
    is_valid = answer.get("valid")
    # Not "falsy": an answer without a clear word is none, and never makes a number invalid.
    if not isinstance(is_valid, bool):
        raise Broken("The register answered neither valid nor invalid.")
    return RegisterWord(
        is_valid=is_valid,
        consultation=_text(answer.get("requestIdentifier")),
        name=_text(answer.get("name") or answer.get("traderName")),
        address=_text(answer.get("address")),
    )


def _text(value: Any) -> str:
    lines = [" ".join(line.split()) for line in str(value or "").splitlines()]
    text = ", ".join(line for line in lines if line)
    return "" if text == NOTHING else text

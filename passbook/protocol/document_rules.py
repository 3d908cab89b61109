"""Rules for documents of a printer, a form or an application (C5): one vocabulary for both spools.

Theory of operation.  A rule names documents by up to three words; a word that is left out is true of any document.  A
rule of an appliance says that it does not keep these documents.  A rule of a terminal says where they are kept, which
copy feeds the printer, and which spool prints while the two are apart.  Of several rules that fit the first one counts.
The choice of a person wins over a rule, part by part; a rule that cannot stand beside it does not count at all.  For
example `form = "savings-24", keep = "terminal"` keeps updates of such books out of the appliance's spool.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.states import Reason
from passbook.protocol.messages import SubmitJob


class DocumentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Documents of a printer, a form and an application; an empty one is any.

    Attributes:
        form: the layout.
        application: the program that made the document.
    """

    printer: str = ""
    form: str = ""
    application: str = ""

    def fits(self, request: SubmitJob, form: str) -> bool:
        """Whether the rule speaks of this request, whose document has that form."""
        return (
            self.printer in {"", request.printer}
            and self.form in {"", form}
            and self.application in {"", request.application}
        )


class ChoiceRule(DocumentRule, frozen=True, forbid_unknown_fields=True):
    """The choice for such documents; a part that is None is not chosen by the rule."""

    keep: Keep | None = None
    feed: Side | None = None
    if_apart: IfApart | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it chooses nothing."""
        return self.keep is None and self.feed is None and self.if_apart is None

    def over(self, defaults: Choice) -> Choice:
        """The defaults with what the rule says in their place.  Raises PassbookError `choice-not-possible`."""
        return defaults.changed(keep=self.keep, feed=self.feed, if_apart=self.if_apart)


def fill_choice(request: SubmitJob, form: str, rules: Iterable[ChoiceRule], defaults: Choice) -> SubmitJob:
    """The request with the parts of its choice that no person said: by the first rule that fits, else the defaults.

    Raises PassbookError `choice-not-possible`.
    """
    rule = next((one for one in rules if one.fits(request, form)), None)
    plain = _possible(request, defaults)
    by_rule = None if rule is None else _possible(request, rule.over(defaults))
    choice = by_rule or plain or request.choice_over(defaults)
    moved = "" if choice == plain else Reason.BY_RULE.value
    return msgspec.structs.replace(request, keep=choice.keep, feed=choice.feed, if_apart=choice.if_apart, moved=moved)


def _possible(request: SubmitJob, defaults: Choice) -> Choice | None:
    """The choice of the request over these defaults; None where they cannot stand beside it."""
    try:
        return request.choice_over(defaults)
    except PassbookError:
        return None

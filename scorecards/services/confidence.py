"""Check-ins of confidence: appended week by week, never changed."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from scorecards.models import ConfidenceNote, ScorecardLine
from scorecards.models.confidence import MOST


class ConfidenceRefused(Refused):
    """A check-in that cannot be taken; the message says why."""


@transaction.atomic
def check_in(*, line: ScorecardLine, score: int, note: str, on: datetime.date, by: Member) -> ConfidenceNote:
    """Say how sure one is to reach a line's target, 0 to 10. Raises ConfidenceRefused."""
    period = line.scorecard.period
    if not period.is_open:
        raise ConfidenceRefused(
            _("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": period.label}
        )
    if not 0 <= score <= MOST:
        raise ConfidenceRefused(_("Confidence lies between 0 and 10."))
    made = ConfidenceNote.objects.create(line=line, score=score, note=note.strip(), on=on, by=by)
    audit.record(action="line.check_in", target=line, by=by, after={"confidence": score}, reason=note.strip())
    return made

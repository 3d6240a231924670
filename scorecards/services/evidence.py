"""Files that support an entry: what is taken, where it lies, who put it there."""

import hashlib
from pathlib import PurePosixPath

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from scorecards.choices import LIVE_STATES
from scorecards.models import Actual, Evidence

MAX_BYTES = 10 * 1024 * 1024
# Suffix → content type. The suffix decides: what a browser claims about a file is not believed.
ALLOWED = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAGIC = {
    ".docx": b"PK\x03\x04",
    ".jpeg": b"\xff\xd8\xff",
    ".jpg": b"\xff\xd8\xff",
    ".pdf": b"%PDF-",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".pptx": b"PK\x03\x04",
    ".xlsx": b"PK\x03\x04",
}


class EvidenceRefused(Refused):
    """A file that is not taken; the message says what would be."""


@transaction.atomic
def attach_file(*, actual: Actual, file: UploadedFile, by: Member) -> Evidence:
    """Store a file beside an entry: at most 10 MB, of a known type; the same file twice is one.

    Raises EvidenceRefused.
    """
    suffix = PurePosixPath(file.name).suffix.lower()
    if suffix not in ALLOWED:
        raise EvidenceRefused(
            _("Files of this kind are not taken. Use one of: %(kinds)s.") % {"kinds": ", ".join(sorted(ALLOWED))}
        )
    if file.size > MAX_BYTES:
        raise EvidenceRefused(_("The file is larger than 10 MB. Make it smaller, or split it."))
    if not file.size:
        raise EvidenceRefused(_("The file is empty."))
    if not actual.line.scorecard.period.is_open:
        raise EvidenceRefused(_("The period is locked, so no file can be added."))
    if actual.state not in LIVE_STATES:
        raise EvidenceRefused(_("This entry no longer counts. Attach the file to the one that replaced it."))
    head = file.read(16)
    if not head.startswith(MAGIC.get(suffix, b"")):
        raise EvidenceRefused(_("The file is not what its name says. Save it again from its program."))
    digest = hashlib.sha256(head)
    for chunk in iter(lambda: file.read(1 << 16), b""):
        digest.update(chunk)
    file.seek(0)
    sha256 = digest.hexdigest()
    held = Evidence.objects.filter(actual=actual, sha256=sha256).first()
    if held is not None:
        return held
    evidence = Evidence.objects.create(
        actual=actual,
        file=file,
        filename=PurePosixPath(file.name.replace("\\", "/")).name[:255],
        content_type=ALLOWED[suffix],
        size=file.size,
        sha256=sha256,
        uploaded_by=by,
    )
    audit.record(
        action="evidence.attach", target=actual.line, by=by, after={"file": evidence.filename, "sha256": sha256}
    )
    return evidence


def carry_over(*, before: Actual, actual: Actual) -> None:
    """Put the files of an entry beside the one that replaced it as well."""
    for held in before.evidence.all():
        held.pk, held.actual = None, actual
        held.save(force_insert=True)

"""What makes the KPIs of a demo company talk: questions and ideas about one, and a ready-made card of its own."""

from decimal import Decimal
from typing import Any

from django.utils import timezone

from payroll.demo.people import Staff
from payroll.demo.strategy import Measures
from strategy.catalogue import library_templates
from strategy.choices import NoteKind
from strategy.models import CardTemplate, CardTemplateItem, KpiNote

WORDS = {
    "vi": {
        "asked": "Đơn hàng bị trả lại trong tháng sau thì tính vào tháng nào?",
        "answer": "Trừ vào tháng hàng bị trả, để số đã chốt không đổi.",
        "open": "Hợp đồng ký cuối tháng nhưng chưa thu tiền có được tính không?",
        "idea": "Nên theo dõi thêm theo tuần để biết sớm khi chậm.",
        "template": "Thẻ rút gọn",
    },
    "en": {
        "asked": "An order comes back a month later: which month does it count in?",
        "answer": "It is taken off in the month of the return, so that closed figures stay.",
        "open": "Does a contract count that was signed at month end and is not paid yet?",
        "idea": "Look at it every week, to know early when we fall behind.",
        "template": "Short card",
    },
}


def talk_about_kpis(spec: dict[str, Any], staff: Staff, measures: Measures) -> None:
    """A thread about the first KPI of the first ready card, and a short card for its position."""
    words = WORDS[spec["language"]]
    job = next(unit for unit in spec["departments"] if unit["code"] == "SAL")["positions"][-1]
    kpi, *others = [measures.versions[item.code] for item, _weight in library_templates()[job["template"]].items]
    asker, owner = staff.holders[job["code"]][0], kpi.owner or staff.top

    def note(kind: str, author, text: str, **more: Any) -> KpiNote:
        return KpiNote.objects.create(definition=kpi.definition, kind=kind, author=author, text=words[text], **more)

    question = note(NoteKind.QUESTION, asker, "asked", answered_at=timezone.now())
    note(NoteKind.ANSWER, owner, "answer", answers=question)
    note(NoteKind.IDEA, staff.everyone[-1], "idea")
    note(NoteKind.QUESTION, staff.everyone[-1], "open")
    short = CardTemplate.objects.create(
        name=f"{words['template']}: {job['name']}", position=staff.positions[job["code"]], created_by=staff.top
    )
    CardTemplateItem.objects.bulk_create(
        CardTemplateItem(template=short, definition=one.definition, weight=Decimal(weight), place=place)
        for place, (one, weight) in enumerate(zip([kpi, *others], (40, 30, 30), strict=False))
    )

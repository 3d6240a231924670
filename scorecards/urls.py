"""Addresses of scorecards inside an organization."""

from django.urls import path

from scorecards.views import assign, cards, copying, decisions, drafts, explain, lines, nights, tree, warnings

app_name = "scorecards"

urlpatterns = [
    path("", cards.team_list, name="team"),
    path("mine/", cards.mine, name="mine"),
    path("assign/", assign.assign, name="assign"),
    path("assign/copy/", copying.copy, name="copy"),
    path("assign/people/", assign.people_options, name="assign_people"),
    path("assign/<int:pk>/", drafts.draft, name="draft"),
    path("assign/<int:pk>/cells/", drafts.draft_cells, name="draft_cells"),
    path("assign/<int:pk>/put/", drafts.draft_put, name="draft_put"),
    path("assign/<int:pk>/discard/", drafts.draft_discard, name="draft_discard"),
    path("cards/<int:pk>/", cards.card, name="card"),
    path("cards/<int:pk>/in/<str:code>/", cards.card_history, name="card_history"),
    path("cards/<int:pk>/edit/", cards.card_edit, name="card_edit"),
    path("cards/<int:pk>/submit/", cards.card_submit, name="card_submit"),
    path("cards/<int:pk>/decide/", cards.card_decide, name="card_decide"),
    path("cards/<int:pk>/paste/", lines.card_paste, name="card_paste"),
    path("cards/<int:pk>/why/", explain.explain_card, name="explain_card"),
    path("lines/<int:pk>/", lines.line, name="line"),
    path("lines/<int:pk>/record/", lines.line_record, name="line_record"),
    path("lines/<int:pk>/entries/", lines.entry_add, name="entry_add"),
    path("lines/<int:pk>/note/", lines.line_note, name="line_note"),
    path("lines/<int:pk>/waive/", lines.line_waive, name="line_waive"),
    path("lines/<int:pk>/remove/", cards.line_remove, name="line_remove"),
    path("lines/<int:pk>/change/", decisions.change_new, name="change_new"),
    path("lines/<int:pk>/wipe-out/", decisions.wipe_out, name="wipe_out"),
    path("lines/<int:pk>/why/", explain.explain_line, name="explain_line"),
    path("entries/withdraw/", lines.entries_withdraw, name="entries_withdraw"),
    path("entries/<int:pk>/correct/", lines.entry_correct, name="entry_correct"),
    path("entries/<int:pk>/return/", decisions.entry_return, name="entry_return"),
    path("entries/<int:pk>/evidence/", lines.evidence_add, name="evidence_add"),
    path("evidence/<int:pk>/", lines.evidence_file, name="evidence_file"),
    path("approvals/", decisions.approvals, name="approvals"),
    path("changes/", decisions.changes, name="changes"),
    path("changes/<int:pk>/", decisions.change_decide, name="change_decide"),
    path("warnings/", warnings.warnings, name="warnings"),
    path("reminders/", warnings.reminders, name="reminders"),
    path("warnings/<int:pk>/", warnings.warning, name="warning"),
    path("warnings/<int:pk>/assign/", warnings.warning_assign, name="warning_assign"),
    path("nights/<int:pk>/", nights.night_changes, name="night_changes"),
    path("tree/", tree.tree, name="tree"),
    path("tree/<int:pk>/", tree.tree_line, name="tree_line"),
    path("tree/<int:pk>/link/", tree.link, name="link"),
    path("tree/<int:pk>/unlink/", tree.unlink, name="unlink"),
    path("tree/<int:pk>/source/", tree.source, name="link_source"),
    path("rollups/<int:pk>/why/", explain.explain_rollup, name="explain_rollup"),
]

"""Addresses of payroll inside an organization."""

from django.urls import path, re_path

from payroll.views import payslips, policies, runs

app_name = "payroll"

urlpatterns = [
    path("runs/", runs.run_list, name="run_list"),
    path("runs/start/", runs.start, name="start"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/why/", runs.explain_run, name="explain_run"),
    path("runs/<int:pk>/calculate/", runs.calculate, name="calculate"),
    path("runs/<int:pk>/submit/", runs.submit, name="submit"),
    path("runs/<int:pk>/return/", runs.return_run, name="return"),
    path("runs/<int:pk>/approve/", runs.approve, name="approve"),
    path("runs/<int:pk>/lock/", runs.lock, name="lock"),
    path("runs/<int:pk>/export/", runs.export, name="export"),
    path("exports/<int:pk>/", runs.download, name="download"),
    path("lines/<int:pk>/why/", payslips.explain_line, name="explain_line"),
    path("cards/<int:pk>/tier/", payslips.explain_tier, name="explain_tier"),
    path("cards/<int:pk>/estimate/", payslips.explain_estimate, name="explain_estimate"),
    path("payslips/", payslips.payslips, name="payslips"),
    path("payslips/<int:pk>/", payslips.payslip, name="payslip"),
    path("rules/tiers/", policies.tiers, name="tiers"),
    path("rules/tiers/new/", policies.tier_table_create, name="tier_table_create"),
    path("rules/tiers/effect/", policies.tier_effect, name="tier_effect"),
    path("rules/tiers/<int:pk>/effect/", policies.tier_table_effect, name="tier_table_effect"),
    path("rules/tiers/<int:pk>/approve/", policies.tier_table_approve, name="tier_table_approve"),
    path("rules/what-if/", policies.what_if, name="what_if"),
    path("rules/positions/", policies.position_rates, name="rates"),
    path("rules/people/", policies.member_rates, name="member_rates"),
    re_path(r"^rules/(?P<kind>positions|people)/approve/$", policies.rates_approve, name="rates_approve"),
    re_path(r"^rules/(?P<kind>positions|people)/withdraw/$", policies.rates_withdraw, name="rates_withdraw"),
]

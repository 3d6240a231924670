"""Addresses of the core app inside an organization."""

from django.urls import path

from kpiapp.views import audit, home, imports, jobs, organization, people, periods, roles, search, structure, tokens

app_name = "kpiapp"

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("people/", people.people_list, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/edit/", people.person_edit, name="person_edit"),
    path("people/<int:pk>/move/", people.person_move, name="person_move"),
    path("people/<int:pk>/deactivate/", people.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/reactivate/", people.person_reactivate, name="person_reactivate"),
    path("people/<int:pk>/invite/", people.person_invite, name="person_invite"),
    path("people/<int:pk>/invitation/revoke/", people.invitation_revoke, name="invitation_revoke"),
    path("departments/", structure.departments, name="departments"),
    path("departments/new/", structure.department_new, name="department_new"),
    path("departments/<int:pk>/", structure.department_edit, name="department_edit"),
    path("departments/<int:pk>/close/", structure.department_close, name="department_close"),
    path("departments/<int:pk>/reopen/", structure.department_reopen, name="department_reopen"),
    path("positions/", structure.positions, name="positions"),
    path("positions/new/", structure.position_new, name="position_new"),
    path("positions/<int:pk>/", structure.position_edit, name="position_edit"),
    path("periods/", periods.periods, name="periods"),
    path("periods/next-year/", periods.period_next_year, name="period_next_year"),
    path("periods/<int:pk>/lock/", periods.period_lock, name="period_lock"),
    path("periods/<int:pk>/reopen/", periods.period_reopen, name="period_reopen"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/", audit.audit_export, name="audit_export"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/template/<slug:kind>.<slug:format>/", imports.import_template, name="import_template"),
    path("imports/<int:pk>/", imports.import_page, name="import"),
    path("imports/<int:pk>/columns/", imports.import_columns, name="import_columns"),
    path("imports/<int:pk>/errors/", imports.import_errors, name="import_errors"),
    path("imports/<int:pk>/<slug:step>/", imports.import_step, name="import_step"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/run/", jobs.job_run, name="job_run"),
    path("jobs/<int:pk>/", jobs.job, name="job"),
    path("settings/", organization.settings, name="settings"),
    path("settings/edit/", organization.settings_edit, name="settings_edit"),
    path("settings/roles/", roles.roles, name="roles"),
    path("settings/roles/give/", roles.role_grant, name="role_grant"),
    path("settings/roles/<int:pk>/confirm/", roles.role_confirm, name="role_confirm"),
    path("settings/roles/<int:pk>/revoke/", roles.role_revoke, name="role_revoke"),
    path("settings/keys/", tokens.tokens, name="tokens"),
    path("settings/keys/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
]

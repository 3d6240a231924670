"""Addresses of strategy inside an organization."""

from django.urls import path

from strategy.views import editor, kpi_formula, kpi_live, kpis, library, maps, objectives, plans, versions

app_name = "strategy"

urlpatterns = [
    path("map/", maps.strategy_map, name="map"),
    path("map/new/", maps.map_new, name="map_new"),
    path("map/example/", maps.map_example, name="map_example"),
    path("map/<int:pk>/edit/", editor.map_edit, name="map_edit"),
    path("map/<int:pk>/steps/", editor.map_command, name="map_command"),
    path("map/<int:pk>/describe/", maps.map_describe, name="map_describe"),
    path("map/<int:pk>/draft/", versions.map_draft, name="map_draft"),
    path("map/<int:pk>/publish/", versions.map_publish, name="map_publish"),
    path("map/<int:pk>/discard/", versions.map_discard, name="map_discard"),
    path("map/<int:pk>/arrange/", editor.map_arrange, name="map_arrange"),
    path("map/<int:pk>/objectives/", objectives.objective_new, name="objective_new"),
    path("objectives/<int:pk>/", objectives.objective, name="objective"),
    path("objectives/<int:pk>/edit/", objectives.objective_edit, name="objective_edit"),
    path("objectives/<int:pk>/move/", objectives.objective_move, name="objective_move"),
    path("objectives/<int:pk>/remove/", objectives.objective_remove, name="objective_remove"),
    path("objectives/<int:pk>/links/", objectives.link_new, name="link_new"),
    path("links/<int:pk>/", objectives.link_edit, name="link_edit"),
    path("links/<int:pk>/remove/", objectives.link_remove, name="link_remove"),
    path("library/", library.library, name="library"),
    path("library/use/", library.kpi_use, name="kpi_use"),
    path("library/use-card/", library.template_use, name="template_use"),
    path("library/kpis/", kpis.kpi_list, name="kpi_list"),
    path("library/kpis/new/", kpis.kpi_new, name="kpi_new"),
    path("library/kpis/scoring/", kpi_live.kpi_scoring, name="kpi_scoring"),
    path("library/kpis/judge/", kpi_live.kpi_judge, name="kpi_judge"),
    path("library/kpis/months/", plans.target_months, name="target_months"),
    path("library/kpis/formula/", kpi_formula.kpi_formula, name="kpi_formula"),
    path("library/kpis/formula/names/", kpi_formula.formula_names, name="formula_names"),
    path("library/kpis/people/", kpi_live.kpi_people, name="kpi_people"),
    path("library/kpis/<int:pk>/", kpis.kpi, name="kpi"),
    path("library/kpis/<int:pk>/plan/", plans.kpi_plan, name="kpi_plan"),
    path("library/kpis/<int:pk>/edit/", kpis.kpi_edit, name="kpi_edit"),
    path("library/kpis/<int:pk>/retire/", kpis.kpi_retire, name="kpi_retire"),
    path("library/kpis/<int:pk>/restore/", kpis.kpi_restore, name="kpi_restore"),
]

from django.db import migrations, models

# What scoring writes from now on (line_rules.watched_in), for what was scored before. The owner of a table sees its
# rows only while row security is not forced.
FILL = """
ALTER TABLE scorecards_linescore NO FORCE ROW LEVEL SECURITY;
ALTER TABLE scorecards_scorecardline NO FORCE ROW LEVEL SECURITY;
ALTER TABLE strategy_kpiversion NO FORCE ROW LEVEL SECURITY;
UPDATE scorecards_linescore s
SET watched = CASE
    WHEN s.completion IS NULL THEN CASE WHEN s.state = 'late' THEN 'status' ELSE '' END
    WHEN line.method NOT IN ('ratio', 'mirror', 'baseline') OR line.method = 'baseline' AND line.baseline IS NULL
        THEN 'status'
    WHEN line.aggregation IN ('sum', 'count') AND line.direction = 'decrease' THEN 'budget'
    WHEN line.aggregation IN ('sum', 'count') AND line.method <> 'mirror' THEN 'rise'
    WHEN line.aggregation = 'last' AND line.method = 'baseline' THEN 'rise'
    ELSE 'status' END
FROM (SELECT l.organization_id, l.id, l.baseline, coalesce(nullif(l.method, ''), v.method) AS method, v.aggregation,
             v.direction
      FROM scorecards_scorecardline l
      JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
      WHERE l.is_scored) line
WHERE s.organization_id = line.organization_id AND s.line_id = line.id;
ALTER TABLE strategy_kpiversion FORCE ROW LEVEL SECURITY;
ALTER TABLE scorecards_scorecardline FORCE ROW LEVEL SECURITY;
ALTER TABLE scorecards_linescore FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("scorecards", "0008_touched_cards"),
    ]

    operations = [
        migrations.AddField(
            model_name="linescore",
            name="watched",
            field=models.CharField(blank=True, db_default="", max_length=8),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]

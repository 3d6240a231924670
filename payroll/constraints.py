"""What the database itself checks about a pay run: allowed states, and totals that are the sum of the lines."""

from kpiapp.constraints import SqlConstraint, Trigger
from payroll.choices import RUN_TRANSITIONS, RunState

TOTALS = ("p1", "p2", "p3", "gross")


def allowed_states(name: str) -> Trigger:
    """A run starts as a draft, and a state is followed only by those RUN_TRANSITIONS names."""
    pairs = ", ".join(
        f"('{before.value}', '{after.value}')"
        for before in RunState
        for after in RunState
        if after in RUN_TRANSITIONS[before]
    )
    return Trigger(
        name=name,
        events="INSERT OR UPDATE",
        condition=(
            f"(TG_OP = 'INSERT' AND NEW.state <> '{RunState.DRAFT.value}') OR (TG_OP = 'UPDATE' AND "
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN ({pairs}))"
        ),
        message="A pay run cannot go from that state to this one.",
    )


class TotalsOfLines(SqlConstraint):
    """At the commit the totals of a run are the sums of its lines, however either was written.

    A statement that touches lines marks their run once, so the sum is taken per run and not per line.
    """

    def create_sql(self, model, schema_editor):
        """A marking trigger on the lines, and a deferred check on the run."""
        lines = schema_editor.quote_name("payroll_payline")
        runs = schema_editor.quote_name(model._meta.db_table)
        differs = " OR ".join(f"run.{part}_total <> lines.{part}" for part in TOTALS)
        sums = ", ".join(f"coalesce(sum({part}_amount), 0) AS {part}" for part in TOTALS)
        marks = "".join(
            f"CREATE TRIGGER {self.name}_{event.lower()} AFTER {event} ON {lines} REFERENCING {table} TABLE AS changed "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {self.name}_mark(); "
            for event, table in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
        )
        return (
            f"CREATE FUNCTION {self.name}_mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608  (constants)
            f"UPDATE {runs} SET lines_version = lines_version + 1 "
            f"WHERE (organization_id, id) IN (SELECT DISTINCT organization_id, run_id FROM changed); "
            f"RETURN NULL; END $$; "
            f"{marks}"
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"DECLARE run record; lines record; BEGIN "
            f"SELECT * INTO run FROM {runs} r WHERE r.organization_id = NEW.organization_id AND r.id = NEW.id; "
            f"IF NOT FOUND THEN RETURN NULL; END IF; "
            f"SELECT count(*) AS people, {sums} INTO lines FROM {lines} l "
            f"WHERE l.organization_id = run.organization_id AND l.run_id = run.id; "
            f"IF run.people_count <> lines.people OR {differs} THEN "
            f"RAISE EXCEPTION 'The totals of a pay run are the sums of its lines.' "
            f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NULL; END $$; "
            f"CREATE CONSTRAINT TRIGGER {self.name} AFTER INSERT OR UPDATE ON {runs} "
            f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {self.name}()"
        )

    def remove_sql(self, model, schema_editor):
        """Drop all of it."""
        marks = "".join(
            f"DROP TRIGGER {self.name}_{event} ON payroll_payline; " for event in ("insert", "update", "delete")
        )
        return (
            f"{marks}DROP FUNCTION {self.name}_mark(); "
            f"DROP TRIGGER {self.name} ON {schema_editor.quote_name(model._meta.db_table)}; DROP FUNCTION {self.name}()"
        )

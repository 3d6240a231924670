"""Walls that live in the database itself, written as Django constraints so that migrations carry them."""

from django.db.models import BaseConstraint

ORGANIZATION_SETTING = "app.organization_id"


class SqlConstraint(BaseConstraint):
    """A constraint that is plain SQL on one table; it has nothing to validate in Python."""

    def create_sql(self, model, schema_editor):
        """SQL that puts the constraint in place."""
        raise NotImplementedError

    def remove_sql(self, model, schema_editor):
        """SQL that takes it away again."""
        raise NotImplementedError

    def constraint_sql(self, model, schema_editor):
        """Run after CREATE TABLE, once every table of the migration stands."""
        if sql := self.create_sql(model, schema_editor):
            schema_editor.deferred_sql.append(sql)

    def validate(self, model, instance, exclude=None, using="default"):
        """The database decides."""

    def __eq__(self, other):
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()

    def __hash__(self):
        return hash((type(self), self.name))


class TenantRLS(SqlConstraint):
    """Forced row security: only rows of the organization named in the transaction are seen or written.

    The policy is a plain equality, since anything else keeps Postgres from using the index.
    """

    def create_sql(self, model, schema_editor):
        """Enable, force, and one policy for reads and writes."""
        table = schema_editor.quote_name(model._meta.db_table)
        mine = f"organization_id = nullif(current_setting('{ORGANIZATION_SETTING}', true), '')::bigint"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY; "
            f"CREATE POLICY {self.name} ON {table} USING ({mine}) WITH CHECK ({mine})"
        )

    def remove_sql(self, model, schema_editor):
        """Drop the policy and stop enforcing."""
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f"DROP POLICY {self.name} ON {table}; "
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
        )


class SameTenantFK(SqlConstraint):
    """A foreign key over (organization_id, column): a row of another organization cannot be referred to."""

    def __init__(self, *, field: str, name: str):
        self.field = field
        super().__init__(name=name)

    def deconstruct(self):
        """Adds the field to what migrations store."""
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field}

    def create_sql(self, model, schema_editor):
        """Checked at the commit, so rows may be written in any order."""
        field = model._meta.get_field(self.field)
        quote = schema_editor.quote_name
        target = quote(field.related_model._meta.db_table)
        # Put off to the end of the migration: the unique pair it points to may be made later in the same one.
        schema_editor.deferred_sql.append(
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {self.name} "
            f"FOREIGN KEY (organization_id, {quote(field.column)}) "
            f"REFERENCES {target} (organization_id, {quote(field.target_field.column)}) DEFERRABLE INITIALLY DEFERRED"
        )

    def remove_sql(self, model, schema_editor):
        """Drop it."""
        return f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)} DROP CONSTRAINT {self.name}"


class Trigger(SqlConstraint):
    """A row trigger that refuses a change with a sentence when a condition on OLD and NEW holds."""

    def __init__(self, *, name: str, events: str, condition: str, message: str):
        self.events, self.condition, self.message = events, condition, message
        super().__init__(name=name)

    def deconstruct(self):
        """Adds events, condition and message to what migrations store."""
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "events": self.events, "condition": self.condition, "message": self.message}

    def create_sql(self, model, schema_editor):
        """A function and its trigger."""
        table = schema_editor.quote_name(model._meta.db_table)
        message = self.message.replace("'", "''")
        return (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {self.condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
            f"END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$; "
            f"CREATE TRIGGER {self.name} BEFORE {self.events} ON {table} FOR EACH ROW EXECUTE FUNCTION {self.name}()"
        )

    def remove_sql(self, model, schema_editor):
        """Drop both."""
        table = schema_editor.quote_name(model._meta.db_table)
        return f"DROP TRIGGER {self.name} ON {table}; DROP FUNCTION {self.name}()"


class AfterStatement(SqlConstraint):
    """A trigger that runs SQL once after a statement, over its rows as they were (`gone`) and as they are (`come`)."""

    _ROWS = {
        "INSERT": "NEW TABLE AS come",
        "UPDATE": "OLD TABLE AS gone NEW TABLE AS come",
        "DELETE": "OLD TABLE AS gone",
    }

    def __init__(self, *, name: str, event: str, sql: str):
        self.event, self.sql = event, sql
        super().__init__(name=name)

    def deconstruct(self):
        """Adds event and SQL to what migrations store."""
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "event": self.event, "sql": self.sql}

    def create_sql(self, model, schema_editor):
        """A function and its trigger."""
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN "
            f"{self.sql}; RETURN NULL; END $$; "
            f"CREATE TRIGGER {self.name} AFTER {self.event} ON {table} REFERENCING {self._ROWS[self.event]} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {self.name}()"
        )

    def remove_sql(self, model, schema_editor):
        """Drop both."""
        table = schema_editor.quote_name(model._meta.db_table)
        return f"DROP TRIGGER {self.name} ON {table}; DROP FUNCTION {self.name}()"


def append_only(name: str) -> Trigger:
    """Rows can be added, never changed or deleted, whoever asks."""
    return Trigger(name=name, events="UPDATE OR DELETE", condition="true", message="This table is append-only.")


class Storage(SqlConstraint):
    """Storage parameters of a table, such as room in its pages for updates in place."""

    def __init__(self, *, name: str, fillfactor: int):
        self.fillfactor = fillfactor
        super().__init__(name=name)

    def deconstruct(self):
        """Adds the fill factor to what migrations store."""
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "fillfactor": self.fillfactor}

    def create_sql(self, model, schema_editor):
        """Holds for pages written from now on."""
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} SET (fillfactor = {self.fillfactor})"

    def remove_sql(self, model, schema_editor):
        """Back to the default."""
        return f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)} RESET (fillfactor)"

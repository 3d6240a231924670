# Companies in the order of a Vietnamese dictionary, those that are there already, too.

from django.db import migrations, models

from kpiapp.text import sort_key


def fill(apps, schema_editor):
    """Write the key of every company."""
    companies = apps.get_model("kpiapp", "Organization").objects.using(schema_editor.connection.alias)
    for pk, name in companies.values_list("pk", "name"):
        companies.filter(pk=pk).update(sort_key=sort_key(name))


class Migration(migrations.Migration):
    dependencies = [
        ("kpiapp", "0006_pay_reader"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="sort_key",
            field=models.TextField(default="", editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]

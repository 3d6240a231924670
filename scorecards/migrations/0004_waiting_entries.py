from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0003_half_a_ratio")]

    operations = [
        migrations.AddIndex(
            model_name="actual",
            index=models.Index(
                condition=models.Q(("state", "recorded")),
                fields=["organization", "line", "entered_at"],
                name="actual_waiting",
            ),
        )
    ]

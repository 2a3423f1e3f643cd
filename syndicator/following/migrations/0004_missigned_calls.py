from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("following", "0003_horizon"),
    ]

    operations = [
        migrations.AddField(
            model_name="hubsubscription",
            name="missigned",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]

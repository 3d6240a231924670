"""The tenant."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from kpiapp.choices import CsvDelimiter, Language, LongPeriods
from kpiapp.text import KeyField, sort_key

# First words of addresses that belong to the installation and not to an organization.
RESERVED_SLUGS = frozenset({"accounts", "api", "healthz", "i18n", "media", "new", "static"})


class Organization(models.Model):
    """A company. Global: its rows are found by the slug in the address before any scope is open."""

    name = models.CharField(_("Company name"), max_length=200)
    sort_key = KeyField(key=sort_key)
    slug = models.SlugField(max_length=60, unique=True, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$")])
    language = models.CharField(max_length=5, choices=Language.choices, default=Language.VIETNAMESE)
    currency = models.CharField(max_length=3, default="VND")
    time_zone = models.CharField(max_length=50, default="Asia/Ho_Chi_Minh")
    fiscal_year_start_month = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    long_periods = models.CharField(max_length=10, choices=LongPeriods.choices, default=LongPeriods.RECOMPUTE)
    csv_delimiter = models.CharField(max_length=10, choices=CsvDelimiter.choices, default=CsvDelimiter.COMMA)
    # A share of zero cannot be taken: such a target is not scored, unless a company says that meeting it is full.
    zero_target_full_if_met = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(slug__in=sorted(RESERVED_SLUGS)), name="organization_slug_free"),
            models.CheckConstraint(
                condition=models.Q(fiscal_year_start_month__range=(1, 12)), name="organization_fiscal_month"
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def csv_sign(self) -> str:
        """What stands between the values of the CSV files it is given."""
        return CsvDelimiter(self.csv_delimiter).sign

"""A form field for numbers as people type them in their language."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import NumberError, format_number, parse_number


class NumberField(forms.CharField):
    """An exact Decimal, or None when left empty; "1.234,5" in Vietnamese and "1,234.5" in English are the same."""

    def __init__(self, *, max_decimals: int = 6, minimum: Decimal | None = None, **options):
        self.max_decimals, self.minimum = max_decimals, minimum
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(empty_value=None, **options)

    def prepare_value(self, value):
        """A number as the reader's language writes it; what was typed stays as it was typed."""
        return format_number(value, get_language() or "en") if isinstance(value, Decimal) else value

    def clean(self, value) -> Decimal | None:
        """The number typed; says in words what to write when in doubt."""
        text = super().clean(value)
        if text is None:
            return None
        try:
            number = parse_number(text, get_language() or "en", max_decimals=self.max_decimals)
        except NumberError as error:
            raise ValidationError(_(error.message) % error.params) from error
        if self.minimum is not None and number < self.minimum:
            raise ValidationError(
                _("Type a number of at least %(least)s.")
                % {"least": format_number(self.minimum, get_language() or "en")}
            )
        return number

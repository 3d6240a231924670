"""Forms of imports: which file, and which of its columns is what."""

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.models import ImportBatch
from kpiapp.services.import_handlers import ImportHandler

NUMBER_STYLES = (("vi", "1.234,5"), ("en", "1,234.5"))


class UploadForm(forms.Form):
    """What is imported, and the file."""

    use_required_attribute = False
    kind = forms.ChoiceField(label=gettext_lazy("What does the file hold?"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or Excel (.xlsx), up to 10 MB. Nothing changes before you have seen a preview."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm"}),
    )

    def __init__(self, *args, handlers: list[ImportHandler], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(handler.kind, handler.label) for handler in handlers]
        self.fields["kind"].initial = handlers[0].kind if handlers else None


class ColumnsForm(forms.Form):
    """Which column feeds which field, and how numbers are written in the file."""

    use_required_attribute = False

    def __init__(self, *args, batch: ImportBatch, handler: ImportHandler, language: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.handler = handler
        titles = [(title, self._with_sample(batch, place)) for place, title in enumerate(batch.options["titles"])]
        for item in handler.fields:
            self.fields[item.name] = forms.ChoiceField(
                label=item.label,
                help_text=item.help,
                required=False,
                choices=[("", _("– not in the file –")), *titles],
                initial=batch.columns.get(item.name, ""),
            )
        self.fields["numbers"] = forms.ChoiceField(
            label=_("Numbers are written like"),
            choices=NUMBER_STYLES,
            initial=batch.options.get("numbers") or language,
        )

    def _with_sample(self, batch: ImportBatch, place: int) -> str:
        """A title and the first value below it, so that one sees what is chosen."""
        title = batch.options["titles"][place]
        samples = [row[place] for row in batch.options.get("samples", []) if place < len(row) and row[place]]
        return f"{title}  ·  {Truncator(samples[0]).chars(30)}" if samples else title

    def columns(self) -> dict[str, str]:
        """Field name to title, of those chosen."""
        return {item.name: title for item in self.handler.fields if (title := self.cleaned_data.get(item.name))}

    def rows(self) -> list[dict]:
        """Fields to show, each with whether it has to be matched."""
        return [{"field": self[item.name], "required": item.required} for item in self.handler.fields]

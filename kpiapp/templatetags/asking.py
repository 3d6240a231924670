"""What a page that explains a number needs to let people ask about it."""

from django import template

from kpiapp import questions

register = template.Library()


@register.simple_tag(takes_context=True)
def ask_token(context, explanation) -> str:
    """The number that is explained, signed; empty where nobody is asked about it."""
    request = context["request"]
    return questions.ask_token(explanation, organization=request.organization, path=request.path)

"""Companies one belongs to are listed as a dictionary lists them, also after one was renamed."""

from kpiapp import queries
from kpiapp.models import Organization
from kpiapp.services import organizations
from tests.cast import STORY_DAY


def test_the_companies_to_switch_between_are_in_vietnamese_order(an_phat, scope):
    user = an_phat.lan.user
    names = ["Đại Phát", "Em Ba", "Dũng Tiến"]
    others = [Organization.objects.create(name=name, slug=f"c{place}") for place, name in enumerate(names)]
    user.organization_ids += [other.pk for other in others]

    def listed() -> list[str]:
        return [organization.name for organization in queries.organizations_of(user)]

    assert listed() == ["Công ty Cổ phần An Phát", "Dũng Tiến", "Đại Phát", "Em Ba"]
    organizations.edit_organization(
        organization=an_phat.organization, on=STORY_DAY, by=an_phat.acting(an_phat.owner), name="Đức An"
    )
    assert listed() == ["Dũng Tiến", "Đại Phát", "Đức An", "Em Ba"]

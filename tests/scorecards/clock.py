"""Pages and jobs read the clock: here it stands on the day of the story."""

import datetime
from contextlib import contextmanager
from unittest.mock import patch

from tests.cast import STORY_DAY

MORNING = datetime.time(3, 0)  # ten o'clock in Vietnam


@contextmanager
def clock_at(day: datetime.date = STORY_DAY):
    """Django's clock stands still on a day."""
    instant = datetime.datetime.combine(day, MORNING, tzinfo=datetime.UTC)
    with patch("django.utils.timezone.now", return_value=instant):
        yield

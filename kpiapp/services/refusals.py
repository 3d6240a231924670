"""What a service raises when it will not do what was asked."""


class Refused(Exception):
    """A translated sentence for the user; `field` names what they have to change, if it is one thing."""

    def __init__(self, message, *, field: str = ""):
        self.field = field
        super().__init__(str(message))

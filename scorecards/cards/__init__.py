"""What the page of a card and the lists of cards show."""

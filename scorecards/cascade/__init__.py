"""The cascade as its readers see it: the tree, targets shared out, proposals, loose ends, OKR."""

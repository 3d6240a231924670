"""Draws a strategy map: lanes, boxes and curved links as plain coordinates. Pure, deterministic, whole pixels."""

from strategy.layout.draw import BAND, Box, Edge, Lane, Link, Node, Picture, draw_map, order_lanes

__all__ = ["BAND", "Box", "Edge", "Lane", "Link", "Node", "Picture", "draw_map", "order_lanes"]

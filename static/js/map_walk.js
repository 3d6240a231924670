// From card to card of a drawn map, by where they stand: shared by the editor and by presenting.
export const cardsOf = (root) => [...root.querySelectorAll("[data-card]")];

const middle = (card) => {
  const box = card.getBBox();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, height: box.height };
};

// The nearest card in a direction; sideways at the end of a row, the first one of the next.
export function neighbour(root, card, key) {
  const cards = cardsOf(root).map((one) => ({ one, ...middle(one) }));
  const here = cards.find(({ one }) => one === card);
  if (!here) return cards[0]?.one;
  const sameRow = (other) => Math.abs(other.y - here.y) < here.height / 2;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const sorted = cards.sort((a, b) => (Math.abs(a.y - b.y) < here.height / 2 ? a.x - b.x : a.y - b.y));
    return sorted[sorted.indexOf(here) + (key === "ArrowRight" ? 1 : -1)]?.one;
  }
  const beyond = cards.filter((other) => !sameRow(other) && (key === "ArrowDown" ? other.y > here.y : other.y < here.y));
  const far = (other) => Math.abs(other.y - here.y) * 4 + Math.abs(other.x - here.x);
  return beyond.sort((a, b) => far(a) - far(b))[0]?.one;
}

// How many cards of a lane stand before a point: the place something dropped there gets.
export function placeAt(root, lane, point, except) {
  const others = cardsOf(root).filter((card) => card.dataset.in === lane && card !== except);
  return others.filter((card) => {
    const at = middle(card);
    if (Math.abs(at.y - point.y) < at.height / 2 + 14) return at.x < point.x;
    return at.y < point.y;
  }).length;
}

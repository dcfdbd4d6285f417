/** In another order each time, so that what one leaves behind, such as an engine that tidies up, is not always the same other's. */
export function shuffled<Item>(items: Iterable<Item>): Item[] {
  return Array.from(items, (item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

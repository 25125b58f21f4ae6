/** Least width of a card and the gaps between cards, in CSS pixels; the style sheet has the same gaps. */
const cardWidth = 232;
export const gapAcross = 16;
export const gapDown = 24;

/** Rows drawn beyond the edges, so that a flick finds them drawn and Tab finds them there. */
const spareRows = 3;

export function columnsFor(width: number): number {
  return Math.max(1, Math.floor((width + gapAcross) / (cardWidth + gapAcross)));
}

/** What of a long grid is drawn: places from..to, pushed down by `before`, in a box of `height` CSS pixels. */
export interface Drawn {
  from: number;
  to: number;
  before: number;
  height: number;
}

/** Cuts the part out of a grid that can be seen between top and top + view, measured from the grid's own top. */
export function drawnPart(
  total: number,
  columns: number,
  rowHeight: number,
  top: number,
  view: number,
): Drawn {
  const pitch = rowHeight + gapDown;
  const rows = Math.ceil(total / columns);
  const first = Math.min(Math.max(0, Math.floor(top / pitch) - spareRows), Math.max(0, rows - 1));
  const last = Math.min(rows, Math.max(first + 1, Math.ceil((top + view) / pitch) + spareRows));
  return {
    from: first * columns,
    to: Math.min(last * columns, total),
    before: first * pitch,
    height: Math.max(0, rows * pitch - gapDown),
  };
}

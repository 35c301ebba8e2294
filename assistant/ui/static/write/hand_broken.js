/**
 * Paragraphs whose lines were broken by hand, as in mail: `unbroken` is such a text with every paragraph on one line, as
 * long as the text itself, so that a place in the one is the same place in the other.
 */

// Characters of a line that was broken because it was full: HAND_BROKEN of assistant/rewriting/selection.py.
const SHORTEST = 55;
const LONGEST = 90;

/** Where the paragraph of a place begins and ends: its line, or all lines around it that were broken by hand. */
export function paragraphAt(text, place) {
  const line = { start: lineStart(text, place), end: lineEnd(text, place) };
  if (!hasWords(text, line.start, line.end)) return line;
  const block = blockAt(text, line);
  const full = text.slice(block.start, block.end).split('\n').slice(0, -1);
  const isBroken = full.length > 0 && full.every(({ length }) => length >= SHORTEST && length <= LONGEST);
  return isBroken ? block : line;
}

/**
 * What is to be done to a text so that its broken paragraphs keep the length of their lines: `edits` are `{ start, end,
 * text }`, in order, and come back with breaks among them; those between words that stay say `isBreak`.
 */
export function brokenAgain(edits, text, unbroken) {
  const done = [];
  let rest = edits;
  let start = 0;
  for (const line of unbroken.split('\n')) {
    const end = start + line.length;
    const lines = text.slice(start, end).split('\n');
    const own = lines.length > 1 ? within(rest, start, end) : [];
    if (own.length) done.push(...broken(own, text.slice(0, end), unbroken.slice(0, end), start));
    rest = rest.filter((edit) => !own.includes(edit));
    start = end + 1;
  }
  return [...done, ...rest].sort((one, other) => one.start - other.start);
}

function within(edits, start, end) {
  return edits.filter((edit) => edit.start >= start && edit.end <= end);
}

/** The edits of one paragraph, from `start` to the end of both texts, and its breaks. */
function broken(edits, text, unbroken, start) {
  const width = Math.max(...text.slice(start).split('\n').map(({ length }) => length));
  const pieces = [];
  let at = start;
  for (const edit of edits) {
    pieces.push({ start: at, text: unbroken.slice(at, edit.start) }, { ...edit, isEdit: true });
    at = edit.end;
  }
  pieces.push({ start: at, text: unbroken.slice(at) });
  let rest = withBreaks(pieces.map((piece) => piece.text).join(''), width);
  return pieces.flatMap((piece) => {
    const set = rest.slice(0, piece.text.length);
    rest = rest.slice(piece.text.length);
    return piece.isEdit ? [{ start: piece.start, end: piece.end, text: set }] : breaks(text, set, piece.start);
  });
}

/** A text with line breaks for spaces, so that no line is longer than `width` if its words allow it. */
function withBreaks(text, width) {
  const units = text.split('');
  let line = 0;
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    if (index + word.length - line <= width || index === line) continue;
    units[index - 1] = '\n';
    line = index;
  }
  return units.join('');
}

/** The breaks of `set` that a text does not have at this place, and the other way round. */
function breaks(text, set, start) {
  return [...set.split('').keys()]
    .filter((offset) => set[offset] !== text[start + offset])
    .map((offset) => ({ start: start + offset, end: start + offset + 1, text: set[offset], isBreak: true }));
}

/** The lines around one, up to an empty line on either side. */
function blockAt(text, line) {
  let { start, end } = line;
  while (start > 0 && hasWords(text, lineStart(text, start - 1), start - 1)) start = lineStart(text, start - 1);
  while (end < text.length && hasWords(text, end + 1, lineEnd(text, end + 1))) end = lineEnd(text, end + 1);
  return { start, end };
}

function hasWords(text, start, end) {
  return text.slice(start, end).trim() !== '';
}

function lineStart(text, place) {
  return place === 0 ? 0 : text.lastIndexOf('\n', place - 1) + 1;
}

function lineEnd(text, place) {
  const next = text.indexOf('\n', place);
  return next < 0 ? text.length : next;
}

/**
 * Whose words are whose: spans of the draft that accepted suggestions put in, followed through every edit.
 *
 * A span is `{ start, end, origin }` in UTF-16 units, its origin "suggested" or, once anything in it changed, "edited".
 * All other characters are the writer's own. They are drawn as quiet colours behind the text when asked for.
 */

import { make } from './dom.js';
import { markOf } from './journal.js';

const REMEMBERED = 200; // texts whose spans come back with undo and redo

export class Origins {
  #layer;
  #spans = [];
  #offer = 0; // words taken one by one from one offer are one span
  #past = new Map();
  #text = '';
  #drawing = 0;

  constructor(layer) {
    this.#layer = layer;
  }

  /** The spans to be saved. */
  get spans() {
    return this.#spans.map(({ start, end, origin }) => ({ start, end, origin }));
  }

  /** Another text is shown. */
  load(text, spans = []) {
    this.#past.clear();
    this.#spans = spans.map((span) => ({ ...span }));
    this.#text = text;
    this.#draw();
  }

  /** A new offer begins: what is taken from it does not belong to what was taken from the last one. */
  nextOffer() {
    this.#offer += 1;
  }

  /** `length` characters of an offer were put in at `at`. */
  accepted(at, length, text) {
    this.#remember();
    this.#spans = edited(this.#spans, at, at, at + length);
    const added = { start: at, end: at + length, origin: 'suggested', offer: this.#offer };
    const before = this.#spans.find((span) => span.end === at && span.offer === this.#offer && span.origin === 'suggested');
    if (before) before.end = added.end;
    else this.#spans.push(added);
    this.#settle(text);
  }

  /** The characters from `start` to `end`, which an offer's span ends with, are the writer's own after all. */
  disown(start, end) {
    this.#remember();
    this.#spans = this.#spans
      .map((span) => (span.end === end && span.origin === 'suggested' ? { ...span, end: Math.max(span.start, start) } : span))
      .filter((span) => span.end > span.start);
    this.#settle(this.#text);
  }

  /** A rewrite was put in: `edits` are `{ start, end, text }`, in order, in places of the text before. */
  rewritten(edits, text) {
    this.#remember();
    for (const { start, end, text: put, isBreak } of edits.toReversed()) {
      if (isBreak) continue; // a space for a line break, or the other way round: no word is another's for it
      this.nextOffer();
      this.#spans = edited(this.#spans, start, end, start + put.length);
      if (put) this.#spans.push({ start, end: start + put.length, origin: 'suggested', offer: this.#offer });
    }
    this.#settle(text);
  }

  /** The writer changed the text; `caret` is where the change ends, `isHistory` says that it was an undo or a redo. */
  follow(text, caret, isHistory) {
    if (this.#spans.length || this.#past.size) {
      const known = isHistory ? this.#past.get(markOf({ text })) : undefined;
      if (known) this.#spans = known.map((span) => ({ ...span }));
      else this.#spans = edited(this.#spans, ...changed(this.#text, text, caret));
    }
    this.#settle(text);
  }

  show(isShown) {
    this.#layer.hidden = !isShown;
    this.#draw();
  }

  get isShown() {
    return !this.#layer.hidden;
  }

  #settle(text) {
    this.#spans.sort((one, other) => one.start - other.start);
    this.#text = text;
    if (this.#spans.length || this.#past.size) this.#remember();
    this.#draw();
  }

  #remember() {
    const mark = markOf({ text: this.#text });
    this.#past.delete(mark);
    this.#past.set(mark, this.#spans.map((span) => ({ ...span })));
    if (this.#past.size > REMEMBERED) this.#past.delete(this.#past.keys().next().value);
  }

  #draw() {
    if (!this.isShown) {
      this.#layer.replaceChildren();
      return;
    }
    cancelAnimationFrame(this.#drawing);
    this.#drawing = requestAnimationFrame(() => {
      const parts = [];
      let end = 0;
      for (const span of this.#spans) {
        const text = this.#text.slice(span.start, span.end);
        parts.push(this.#text.slice(end, span.start), make('span', { className: span.origin, textContent: text }));
        end = span.end;
      }
      this.#layer.replaceChildren(...parts, `${this.#text.slice(end)}\u200b`);
    });
  }
}

/** [start, old end, new end] of what changed between two texts, the change ending at the caret or behind it. */
export function changed(old, text, caret) {
  const most = Math.min(old.length, text.length);
  let tail = 0;
  const furthest = Math.min(most, text.length - caret);
  while (tail < furthest && old[old.length - 1 - tail] === text[text.length - 1 - tail]) tail += 1;
  let head = 0;
  while (head < most - tail && old[head] === text[head]) head += 1;
  return [head, old.length - tail, text.length - tail];
}

/** The spans after the characters from `start` to `oldEnd` gave way to those up to `newEnd`. */
function edited(spans, start, oldEnd, newEnd) {
  const by = newEnd - oldEnd;
  return spans.flatMap((span) => {
    if (span.end <= start) return [span];
    if (span.start >= oldEnd) return [{ ...span, start: span.start + by, end: span.end + by }];
    const left = span.start < start;
    const right = span.end > oldEnd;
    if (!left && !right) return [];
    return [{ ...span, start: left ? span.start : newEnd, end: right ? span.end + by : start, origin: 'edited' }];
  });
}

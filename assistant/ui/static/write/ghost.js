/**
 * Text offered at the cursor, drawn but not in the draft.
 *
 * A textarea cannot show two colours. While something is offered, its own text is transparent and this mirror, laid
 * exactly over it, shows the draft with the offer in its place. The mirror has three blocks, and only the middle one,
 * the paragraph of the cursor, is laid out again when text streams in: so a draft of a whole book stays quick.
 */

import { make } from './dom.js';

export class Ghost {
  #frame;
  #textarea;
  #mirror;
  #full = '';
  #used = 0;
  #marks = [];
  #isQuiet = false;
  #before = make('span');
  #offer = make('span', { className: 'ghost' });
  #end = make('span', { className: 'ghost-end' });

  anchor = -1;

  constructor(frame, textarea, mirror) {
    this.#frame = frame;
    this.#textarea = textarea;
    this.#mirror = mirror;
  }

  get isOpen() {
    return this.anchor >= 0;
  }

  /** What is offered and not yet taken. */
  get text() {
    return this.#full.slice(this.#used);
  }

  /** What was taken of it. */
  get taken() {
    return this.#full.slice(0, this.#used);
  }

  /** Opens an empty offer at a place of the draft; a quiet one brings nothing into view. */
  open(anchor, { isQuiet }) {
    this.#isQuiet = isQuiet;
    this.#full = '';
    this.#used = 0;
    this.#marks = [];
    this.anchor = anchor;
    this.#layOut();
    this.#frame.classList.add('offering', 'waiting');
    this.#textarea.spellcheck = false; // its underlines would stay where the text no longer is
  }

  /** Adds what the model wrote. */
  extend(text) {
    this.#full += text;
    this.#frame.classList.remove('waiting');
    this.#drawOffer();
    if (!this.#isQuiet) this.#end.scrollIntoView({ block: 'nearest' });
  }

  /** Underlines words of the offer: `marks` have start, end and level, in the order of the text. */
  mark(marks) {
    this.#marks = marks;
    this.#drawOffer();
  }

  /** The element of a mark that is not yet taken. */
  markElement(number) {
    return this.#offer.querySelector(`[data-mark="${number}"]`);
  }

  /** The first `length` characters are in the draft now. */
  take(length) {
    this.#used += length;
    this.anchor += length;
    this.#layOut();
  }

  close() {
    this.anchor = -1;
    this.#full = '';
    this.#used = 0;
    this.#marks = [];
    this.#mirror.replaceChildren();
    this.#frame.classList.remove('offering', 'waiting');
    this.#textarea.spellcheck = true;
  }

  #layOut() {
    const text = this.#textarea.value;
    const paragraph = text.lastIndexOf('\n', this.anchor - 1) + 1;
    const next = text.indexOf('\n', this.anchor);
    const end = next < 0 ? text.length : next;
    this.#before.textContent = text.slice(paragraph, this.anchor);
    this.#drawOffer();
    const line = make('div', {}, this.#before, this.#offer, this.#end, text.slice(this.anchor, end));
    const blocks = [line];
    // The line break at a block's end is the block's own end.
    if (paragraph > 0) blocks.unshift(make('div', { textContent: filled(text.slice(0, paragraph - 1)) }));
    if (next >= 0) blocks.push(make('div', { textContent: filled(text.slice(next + 1)) }));
    this.#mirror.replaceChildren(...blocks);
  }

  #drawOffer() {
    const pieces = [];
    let drawn = this.#used;
    for (const [number, { start, end, level }] of this.#marks.entries()) {
      if (end <= drawn) continue;
      const from = Math.max(start, drawn);
      const word = make('span', { className: 'recall', textContent: this.#full.slice(from, end) });
      Object.assign(word.dataset, { mark: number, level });
      pieces.push(this.#full.slice(drawn, from), word);
      drawn = end;
    }
    this.#offer.replaceChildren(...pieces, this.#full.slice(drawn));
  }
}

/** Text whose last line has its height even when it is empty. */
function filled(text) {
  return text === '' || text.endsWith('\n') ? `${text}\u200b` : text;
}

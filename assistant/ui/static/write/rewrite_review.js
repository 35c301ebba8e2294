/** The changes of a rewrite in its text, each to be taken or left; keys go from one to the next. */

import { make } from './dom.js';
import { hunksOf, isChange } from './word_diff.js';

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class RewriteReview {
  #place;
  #on;
  #hunks = [];
  #marks = []; // the elements of the changes, in order

  /** `place` is where the text stands; `on`: changed() after one is taken or left. */
  constructor(place, on) {
    this.#place = place;
    this.#on = on;
    place.addEventListener('keydown', (event) => this.#key(event));
    place.addEventListener('click', (event) => this.#toggle(event.target.closest('.hunk')));
  }

  /** Shows what a rewrite changes of a text, all of it taken; returns how many changes there are. */
  show(before, after) {
    this.#hunks = hunksOf(before, after).map((hunk) => ({ ...hunk, isTaken: true }));
    this.#marks = [];
    this.#place.replaceChildren(...this.#hunks.map((hunk) => (isChange(hunk) ? this.#mark(hunk) : hunk.before)));
    if (this.#marks[0]) this.#marks[0].tabIndex = 0;
    this.#hunks.filter(isChange).forEach((_, number) => this.#draw(number));
    return this.#marks.length;
  }

  clear() {
    this.#hunks = [];
    this.#marks = [];
    this.#place.replaceChildren();
  }

  get isEmpty() {
    return this.#marks.length === 0;
  }

  get count() {
    return this.#marks.length;
  }

  get taken() {
    return this.#changes.filter(({ isTaken }) => isTaken).length;
  }

  /** The changes that are taken, `{ start, end, text }` in the old text's places. */
  edits() {
    const edits = [];
    let start = 0;
    for (const hunk of this.#hunks) {
      const end = start + hunk.before.length;
      if (isChange(hunk) && hunk.isTaken) edits.push({ start, end, text: hunk.after });
      start = end;
    }
    return edits;
  }

  /** Takes all changes, or none. */
  setAll(isTaken) {
    for (const [number, hunk] of this.#changes.entries()) {
      hunk.isTaken = isTaken;
      this.#draw(number);
    }
    this.#on.changed();
  }

  focus() {
    (this.#marks.find(({ tabIndex }) => tabIndex === 0) ?? this.#place).focus();
  }

  get #changes() {
    return this.#hunks.filter(isChange);
  }

  #mark({ before, after }) {
    const mark = make('span', { className: 'hunk', role: 'checkbox', tabIndex: -1 });
    mark.append(...[before && make('del', { textContent: before }), after && make('ins', { textContent: after })].filter(Boolean));
    this.#marks.push(mark);
    return mark;
  }

  #draw(number) {
    const { before, after, isTaken } = this.#changes[number];
    const mark = this.#marks[number];
    mark.setAttribute('aria-checked', isTaken);
    mark.setAttribute('aria-label', `Change ${number + 1} of ${this.#marks.length}: ${inWords(before, after)}`);
  }

  #toggle(mark) {
    const number = this.#marks.indexOf(mark);
    if (number < 0) return;
    const hunk = this.#changes[number];
    hunk.isTaken = !hunk.isTaken;
    this.#draw(number);
    this.#goTo(number);
    this.#on.changed();
  }

  #goTo(number) {
    for (const mark of this.#marks) mark.tabIndex = -1;
    const mark = this.#marks[number];
    mark.tabIndex = 0;
    mark.focus();
  }

  #key(event) {
    const at = this.#marks.indexOf(document.activeElement);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { Home: 0, End: this.#marks.length - 1 }[event.key] ?? at + (STEPS[event.key] ?? 0);
    if (event.key === ' ' || event.key === 'Enter') this.#toggle(this.#marks[at]);
    else if (to === at || !this.#marks[to]) return;
    else this.#goTo(to);
    event.preventDefault();
  }
}

/** What a change does, to be read out. */
function inWords(before, after) {
  const [old, fresh] = [before.trim() || 'a space', after.trim() || 'a space'];
  if (!after) return `leaves out “${old}”`;
  if (!before) return `puts in “${fresh}”`;
  return `“${old}” becomes “${fresh}”`;
}

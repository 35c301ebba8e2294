/** Words of a suggestion that lean on the past: how strongly, and the sentences they come from. */

import { longDate } from '../shared/dates.js';
import { call } from '../shared/server.js';
import { make } from './dom.js';

/** How strongly a word leans on the past, from its share on: the heavier the line, the more. */
export const LEVELS = [
  { level: 1, from: 0, label: 'a little', lead: 'leans a little on your past writing' },
  { level: 2, from: 0.4, label: 'about half', lead: 'leans by about half on your past writing' },
  { level: 3, from: 0.7, label: 'mostly', lead: 'comes mostly from your past writing' },
];

const NEAR = 5; // lines between a word and its card

/** The marked runs of a suggestion, with their places in its text. */
export function marksOf(runs) {
  const marks = [];
  let start = 0;
  for (const { text, share, supports } of runs) {
    const end = start + text.length;
    if (supports) marks.push({ start, end, text, supports, ...LEVELS.findLast(({ from }) => share >= from) });
    start = end;
  }
  return marks;
}

/** The card below a word: the sentences it leaned on, each with the way to its document. */
export class RecallCard {
  #card;
  #editor;
  #on;
  #marks = [];
  #shown = -1;

  /** `on`: open(place) shows a document, trouble(message), say(sentence) for screen readers. */
  constructor(card, editor, on) {
    this.#card = card;
    this.#editor = editor;
    this.#on = on;
    card.addEventListener('click', (event) => event.stopPropagation()); // the editor would take the focus
    card.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('pointerdown', ({ target }) => {
      if (!card.contains(target) && !target.closest('.recall, dialog')) this.close();
    });
  }

  get isOpen() {
    return !this.#card.hidden;
  }

  /** The marks of the suggestion on offer; none while there is none. */
  set marks(marks) {
    this.#marks = marks;
    this.close();
  }

  /** Shows where a word comes from; `takesFocus` for those who came by the keyboard. */
  async show(number, { takesFocus = false } = {}) {
    const mark = this.#marks[number];
    this.#shown = number;
    try {
      const places = await Promise.all(mark.supports.map(sentenceOf));
      if (this.#shown !== number || !this.#editor.markElement(number)) return;
      this.#draw(mark, places);
      if (takesFocus) this.#card.querySelector('button').focus({ preventScroll: true });
    } catch (error) {
      this.#on.trouble(error.message);
    }
  }

  /** Goes to the next underlined word that is not yet taken, or the one before. */
  step(direction) {
    const left = [...this.#marks.keys()].filter((number) => this.#editor.markElement(number));
    if (!left.length) return this.#on.say('No word of this suggestion is underlined.');
    const here = left.indexOf(this.#shown);
    const next = here < 0 && direction < 0 ? left.length - 1 : (here + direction + left.length) % left.length;
    return this.show(left[next], { takesFocus: true });
  }

  close() {
    this.#card.hidden = true;
    this.#shown = -1;
    for (const word of document.querySelectorAll('.recall.shown')) word.classList.remove('shown');
  }

  #draw({ text, lead }, places) {
    const word = this.#editor.markElement(this.#shown);
    for (const other of document.querySelectorAll('.recall.shown')) other.classList.remove('shown');
    word.classList.add('shown');
    this.#card.setAttribute('aria-label', `“${text}” ${lead}`);
    this.#card.replaceChildren(
      make('p', { className: 'recall-lead' }, make('em', { textContent: `“${text}”` }), ` ${lead}.`),
      ...places.map((place) => this.#place(place)),
    );
    this.#card.hidden = false;
    this.#moveBelow(word);
  }

  #place({ title, date, before, word, after, ...place }) {
    const open = make('button', { type: 'button', className: 'plain', textContent: 'Open the document' });
    open.setAttribute('aria-label', `Open the document “${title || 'Untitled'}”`);
    open.addEventListener('click', () => this.#on.open(place));
    return make(
      'section',
      { className: 'recall-place' },
      make('h3', { textContent: title || 'Untitled' }),
      make('p', { className: 'date', textContent: date ? longDate(date) : 'No date' }),
      make('blockquote', {}, before, make('mark', { textContent: word }), after),
      open,
    );
  }

  #moveBelow(word) {
    const card = this.#card;
    const frame = card.parentElement.getBoundingClientRect();
    const box = [...word.getClientRects()].at(-1);
    const offer = word.parentElement.getBoundingClientRect();
    const below = offer.bottom - box.bottom < NEAR * box.height ? offer.bottom : box.bottom; // the rest stays readable
    const room = frame.width - card.offsetWidth;
    card.style.left = `${Math.max(0, Math.min(box.left - frame.left - 16, room))}px`;
    card.style.top = `${below - frame.top + 6}px`;
    card.scrollIntoView({ block: 'nearest' });
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    if (event.key in steps) {
      event.preventDefault();
      this.step(steps[event.key]);
    }
  }
}

function sentenceOf({ document, start, end }) {
  return call('GET', `/api/documents/${document}/sentence?${new URLSearchParams({ start, end })}`);
}

/** Longer ways to go on, side by side: the same evidence, other seeds; each can be put in. */

import { lines } from '../shared/server.js';
import { Alternative, MOST_ALTERNATIVES } from './alternatives.js';
import { make } from './dom.js';
import { Sheet } from './sheets.js';
import { showScore } from './voice_score.js';

const AT_FIRST = 3;
const TAIL = 160; // characters of the draft that stand above them

export class Continuations {
  #on;
  #sheet;
  #list = make('ol', { className: 'continuations' });
  #lead = make('p', { className: 'continuation-lead' });
  #more = make('button', { type: 'button', textContent: 'One more' });
  #cards = [];
  #aborter = null;
  #request = null;
  #caret = 0;

  /** `on`: ask() gives what is asked for but length and seed, caret() where; insert(alternative, at) puts one in. */
  constructor(root, on) {
    this.#on = on;
    this.#sheet = new Sheet(root, 'continue-dialog', 'Ways to go on');
    this.#sheet.body.append(this.#lead, this.#list, make('div', { className: 'ask-answers' }, this.#more));
    this.#more.addEventListener('click', () => this.#write(this.#cards.length + 1));
    this.#sheet.dialog.addEventListener('close', () => this.#stop());
  }

  /** Opens the sheet and writes the first ones. */
  async open() {
    this.#request = { ...this.#on.ask(), length: 'paragraph' };
    this.#caret = this.#on.caret();
    this.#lead.textContent = tail(this.#request.before);
    this.#cards = [];
    this.#list.replaceChildren();
    this.#sheet.open();
    await this.#write(AT_FIRST);
  }

  /** The text changed elsewhere: `moved` says where a place of it is now. */
  textMoved(moved) {
    this.#caret = moved(this.#caret);
  }

  /** One after another, since the model writes one at a time, until so many are there. */
  async #write(wanted) {
    this.#stop();
    const { signal } = (this.#aborter = new AbortController());
    this.#more.disabled = true;
    // Their places stand from the beginning, so that none moves when the next one is written.
    while (this.#cards.length < wanted) this.#addCard();
    await this.#sheet.attempt(async () => {
      for (const card of this.#empty) {
        if (signal.aborted) return;
        await this.#writeOne(card, signal);
      }
    });
    if (signal.aborted) return;
    this.#removeEmpty();
    this.#more.disabled = false;
    this.#more.hidden = this.#cards.length >= MOST_ALTERNATIVES;
  }

  #addCard() {
    const card = new Card(this.#cards.length, this.#request, (alternative) => this.#insert(alternative));
    this.#cards.push(card);
    this.#list.append(card.element);
  }

  get #empty() {
    return this.#cards.filter(({ hasText }) => !hasText);
  }

  /** Of one that breaks off stays what is there. */
  async #writeOne(card, signal) {
    const { seed } = card;
    try {
      for await (const event of lines('/api/suggest', { ...this.#request, seed, reuse: seed > 0 }, signal)) {
        if (event.event === 'error') throw new Error(event.message);
        card.take(event);
      }
      if (!card.isWhole) throw new Error('It broke off. Try again.');
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      card.settle();
    }
  }

  /** Of what went wrong no empty place stays. */
  #removeEmpty() {
    for (const card of this.#empty) card.element.remove();
    this.#cards = this.#cards.filter(({ hasText }) => hasText);
  }

  #insert(alternative) {
    this.#sheet.close();
    this.#on.insert(alternative, this.#caret); // a text that lay behind a dialog may have lost its cursor
  }

  #stop() {
    this.#aborter?.abort();
    this.#aborter = null;
  }
}

/** The end of the last paragraph that says anything. */
function tail(text) {
  const paragraph = text.trimEnd().split('\n').at(-1);
  return paragraph.length > TAIL ? `… ${paragraph.slice(-TAIL).replace(/^\S*\s/, '')}` : paragraph;
}

/** One way to go on, as it is written. */
class Card {
  #alternative;
  #text = make('p', { className: 'continuation-text' });
  #score = make('p', { className: 'voice-score' });
  #insert = make('button', { type: 'button', className: 'primary', textContent: 'Put it in', disabled: true });

  /** `seed` is its place among the others, from 0; it was asked for with `request`; `insert(alternative)` puts it in. */
  constructor(seed, request, insert) {
    this.#alternative = new Alternative(request);
    this.seed = seed;
    this.element = make('li', { className: 'continuation writing' }, this.#text, this.#score, this.#insert);
    this.#text.tabIndex = 0;
    this.#text.setAttribute('aria-label', `Way ${seed + 1}`);
    this.#insert.setAttribute('aria-label', `Put way ${seed + 1} in`);
    this.#insert.addEventListener('click', () => insert(this.#alternative));
  }

  get hasText() {
    return this.#alternative.text !== '';
  }

  get isWhole() {
    return this.#alternative.end !== null;
  }

  take(event) {
    this.#alternative.take(event);
    this.#text.textContent = this.#alternative.text.trimStart();
    this.#insert.disabled = !this.hasText;
    if (event.event === 'finished') showScore(this.#score, event.voice_score);
  }

  /** Nothing more is written. */
  settle() {
    this.element.classList.remove('writing');
  }
}

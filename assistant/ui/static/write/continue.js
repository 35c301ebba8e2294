/** Longer ways to go on, side by side: the same evidence, other seeds; each can be put in. */

import { lines } from '../shared/server.js';
import { Alternative, MOST_ALTERNATIVES } from './alternatives.js';
import { make } from './dom.js';
import { Sheet } from './sheets.js';

const AT_FIRST = 3;
const TAIL = 160; // characters of the draft that stand above them

export class Continuations {
  #on;
  #sheet;
  #list = make('ol', { className: 'continuations' });
  #lead = make('p', { className: 'continuation-lead' });
  #more = make('button', { type: 'button', textContent: 'One more' });
  #aborter = null;
  #request = null;
  #caret = 0;

  /** `on`: ask() gives what is asked for but length and seed, caret() where; insert(alternative, at) puts one in. */
  constructor(root, on) {
    this.#on = on;
    this.#sheet = new Sheet(root, 'continue-dialog', 'Ways to go on');
    this.#sheet.body.append(this.#lead, this.#list, make('div', { className: 'ask-answers' }, this.#more));
    this.#more.addEventListener('click', () => this.#write(this.#list.children.length + 1));
    this.#sheet.dialog.addEventListener('close', () => this.#stop());
  }

  /** Opens the sheet and writes the first ones. */
  async open() {
    this.#request = { ...this.#on.ask(), length: 'paragraph' };
    this.#caret = this.#on.caret();
    const { before } = this.#request;
    this.#lead.textContent = before.length > TAIL ? `… ${before.slice(-TAIL).replace(/^\S*\s/, '')}` : before;
    this.#list.replaceChildren();
    this.#sheet.open();
    await this.#write(AT_FIRST);
  }

  /** One after another, since the model writes one at a time, until so many are there. */
  async #write(wanted) {
    this.#stop();
    const { signal } = (this.#aborter = new AbortController());
    this.#more.disabled = true;
    await this.#sheet.attempt(async () => {
      while (this.#list.children.length < wanted && !signal.aborted) await this.#writeOne(signal);
    });
    if (signal.aborted) return;
    this.#more.disabled = false;
    this.#more.hidden = this.#list.children.length >= MOST_ALTERNATIVES;
  }

  async #writeOne(signal) {
    const seed = this.#list.children.length;
    const card = new Card(seed + 1, (alternative) => this.#insert(alternative));
    this.#list.append(card.element);
    try {
      for await (const event of lines('/api/suggest', { ...this.#request, seed, reuse: seed > 0 }, signal)) {
        if (event.event === 'error') throw new Error(event.message);
        card.take(event);
      }
    } catch (error) {
      if (!card.hasText) card.element.remove();
      if (!signal.aborted) throw error;
    }
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

/** One way to go on, as it is written. */
class Card {
  #alternative = new Alternative();
  #text = make('p', { className: 'continuation-text' });
  #insert = make('button', { type: 'button', className: 'primary', textContent: 'Put it in', disabled: true });

  constructor(number, insert) {
    this.element = make('li', { className: 'continuation writing' }, this.#text, this.#insert);
    this.#text.tabIndex = 0;
    this.#text.setAttribute('aria-label', `Way ${number}`);
    this.#insert.setAttribute('aria-label', `Put way ${number} in`);
    this.#insert.addEventListener('click', () => insert(this.#alternative));
  }

  get hasText() {
    return this.#alternative.text !== '';
  }

  take(event) {
    this.#alternative.take(event);
    this.#text.textContent = this.#alternative.text.trimStart();
    this.#insert.disabled = !this.hasText;
    if (event.event === 'finished') this.element.classList.remove('writing');
  }
}

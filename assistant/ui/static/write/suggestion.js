/** One suggestion after another: asking, streaming, stopping, trying again. */

import { lines } from '../shared/server.js';
import { marksOf } from './recalls.js';

const LARGEST_SEED = 2 ** 31;

export class Suggestions {
  #editor;
  #evidence;
  #on;
  #aborter = null;
  #last = { place: '', tries: 0 };

  state = 'idle'; // idle, waiting (for the first word), writing, offered

  /**
   * `on`: state(name) when the state changes, marks(marks) when other words of an offer lean on the past (see
   * `marksOf`), trouble(message), say(sentence) for screen readers; ask() gives voice, title, length, how much of the
   * voice's memory is wanted, and what to note when nothing is found.
   */
  constructor(editor, evidence, on) {
    this.#editor = editor;
    this.#evidence = evidence;
    this.#on = on;
  }

  /** Asks for a suggestion at the cursor. Asked again at the same place, another one is drawn. */
  async ask() {
    this.stop();
    this.#editor.withdraw();
    const aborter = new AbortController();
    this.#aborter = aborter;
    this.#editor.openOffer();
    this.#on.marks([]);
    this.#evidence.awaiting(true);
    this.#enter('waiting');
    try {
      await this.#read(lines('/api/suggest', this.#request(), aborter.signal), aborter);
    } catch (error) {
      if (!aborter.signal.aborted) this.#fail(error.message);
    }
  }

  /** Stops the model; what is written so far stays on offer. */
  stop() {
    this.#aborter?.abort();
    this.#aborter = null;
    this.#evidence.awaiting(false);
    if (this.state === 'writing') this.#enter('offered');
    else if (this.state === 'waiting') this.#editor.withdraw();
  }

  /** The offer was let go. */
  withdrawn() {
    this.#aborter?.abort();
    this.#aborter = null;
    this.#evidence.awaiting(false);
    this.#on.marks([]);
    this.#enter('idle');
  }

  /** The offer is used up: a stream may bring more, otherwise it is over. */
  emptied() {
    if (this.state === 'offered') this.#editor.withdraw();
  }

  #request() {
    const { text, caret } = this.#editor;
    const { voice, title, length, memory } = this.#on.ask();
    const before = text.slice(0, caret);
    const place = JSON.stringify([voice, title, length, memory, before]);
    this.#last = { place, tries: place === this.#last.place ? this.#last.tries + 1 : 0 };
    const seed = this.#last.tries % LARGEST_SEED;
    return { voice, title, before, after: text.slice(caret), length, seed, ...memory };
  }

  async #read(events, aborter) {
    for await (const event of events) {
      if (aborter.signal.aborted) return;
      this.#take(event);
    }
    if (this.#aborter === aborter && this.state !== 'offered') this.#fail('The suggestion broke off. Try again.');
  }

  #take(event) {
    switch (event.event) {
      case 'ranked':
        return this.#evidence.entries(event.entries, this.#on.ask().whenNone);
      case 'summarized':
        return this.#evidence.summary(event.sentences);
      case 'synthesized':
        return this.#evidence.keywords(event.keywords);
      case 'text':
        return this.#extend(event.text);
      case 'finished':
        return this.#finish(event);
      case 'error':
        return this.#fail(event.message);
      default:
        return undefined;
    }
  }

  #extend(text) {
    if (this.state === 'waiting') this.#enter('writing');
    this.#editor.extendOffer(text);
  }

  #finish({ recalls, timings_ms: milliseconds, signature }) {
    this.#aborter = null;
    const marks = marksOf(recalls.runs);
    this.#evidence.recalled(recalls, marks.length > 0, signature);
    this.#evidence.timings(milliseconds, signature);
    if (!this.#editor.offer.trim()) {
      this.#editor.withdraw();
      if (this.state !== 'idle') this.#enter('idle');
      this.#on.say('The suggestion is used up.');
      return;
    }
    this.#editor.markOffer(marks);
    this.#on.marks(marks);
    this.#enter('offered');
    this.#on.say(`Suggestion: ${this.#editor.offer}. Tab accepts it, Escape dismisses it.`);
  }

  #fail(message) {
    this.#aborter = null;
    this.#evidence.awaiting(false);
    if (this.#editor.offer.trim()) this.#enter('offered');
    else this.#editor.withdraw();
    this.#on.trouble(message);
  }

  #enter(state) {
    this.state = state;
    this.#on.state(state);
  }
}

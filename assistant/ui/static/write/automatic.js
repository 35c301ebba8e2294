/**
 * Ghosts that come by themselves: when the writer pauses, and only then.
 *
 * While the writer types, the model is kept warm: at the first key of a sentence, and after every 16 characters of a
 * longer one, the server gathers the evidence of the sentence and the model reads up to the cursor. After the pause only
 * the words typed since are left to read. The evidence is reused while the sentence goes on, and its signature says so.
 */

import { call } from '../shared/server.js';
import { mayStand, untilSentence } from './place.js';
import { Rhythm } from './rhythm.js';

const MODES = ['off', 'sure', 'always'];
const USUAL = 'sure';
const WARM_AGAIN = 16; // characters
const REST = 10_000; // milliseconds without a try after the server did not answer

export class Automatic {
  #editor;
  #suggestions;
  #preferences;
  #ask;
  #rhythm = new Rhythm();
  #timer = 0;
  #caret = -1; // where an unseen suggestion belongs
  #warmed = { sentence: null, length: 0 };
  #isWarming = false;
  #restUntil = 0;

  isPaused = false;

  /** `ask()` gives what a suggestion is asked for, but for the seed. */
  constructor(editor, suggestions, preferences, ask) {
    this.#editor = editor;
    this.#suggestions = suggestions;
    this.#preferences = preferences;
    this.#ask = ask;
  }

  get mode() {
    const chosen = this.#preferences.get('ghosts');
    return MODES.includes(chosen) ? chosen : USUAL;
  }

  set mode(mode) {
    this.#preferences.set('ghosts', mode);
    this.cancel();
  }

  /** The writer changed the text: a pause may follow if it was by typing. */
  edited(isTyping) {
    if (isTyping) this.#rhythm.key(performance.now());
    if (this.#suggestions.state !== 'idle') return; // what is offered is being typed
    this.cancel();
    if (!isTyping || !this.#isOn) return;
    this.#caret = this.#editor.caret;
    this.#timer = setTimeout(() => this.#paused(), this.#rhythm.pause);
    this.#warm();
  }

  /** The cursor or the focus may have moved: nothing comes at a place that was left. */
  moved() {
    if (!this.#editor.isAtWork || this.#editor.caret !== this.#caret) this.cancel();
  }

  /** Nothing comes until the writer types again. */
  cancel() {
    clearTimeout(this.#timer);
    this.#caret = -1;
    this.#suggestions.cancelUnseen();
  }

  get #isOn() {
    return this.mode !== 'off' && !this.isPaused && performance.now() >= this.#restUntil;
  }

  async #paused() {
    const isFree = this.#suggestions.state === 'idle' && !this.#suggestions.isRunning;
    if (!isFree || !this.#editor.isAtWork || document.querySelector('dialog[open]')) return;
    const { before, after } = this.#ask();
    if (this.#editor.caret !== this.#caret || !mayStand(before, after)) return;
    const isAnswered = await this.#suggestions.askUnseen({ needsConfidence: this.mode === 'sure' });
    if (!isAnswered) this.#rest();
  }

  async #warm() {
    const request = this.#ask();
    const sentence = JSON.stringify({ ...request, before: untilSentence(request.before), after: '' });
    const { length } = request.before;
    const isWarm = sentence === this.#warmed.sentence && length - this.#warmed.length < WARM_AGAIN;
    if (isWarm || this.#isWarming || this.#suggestions.isRunning) return;
    this.#warmed = { sentence, length };
    this.#isWarming = true;
    try {
      await call('POST', '/api/suggest/warm', request);
    } catch (error) {
      // The draft's own saving says that the server is gone; what else is wrong the suggestion will say.
      if (error.isUnreachable) this.#rest();
    } finally {
      this.#isWarming = false;
    }
  }

  #rest() {
    this.#restUntil = performance.now() + REST;
  }
}

/**
 * “How much of me”: how far suggestions follow the wording of the voice, and how far its manner; kept per draft, with a
 * default per voice.
 */

import { VoiceStrength, words } from './voice_strength.js';

const LONGEST_COPY = 8; // words in a row from one document, unless the writer allows more
const FULL = 100;

export class MemoryChoice {
  #root;
  #on;
  #voice = null;
  #own = null;
  #strength;

  /**
   * `on`: draft(use) and draftStrength(strength) keep a choice for the open draft, voice(use, strength) for all drafts
   * of its voice; null of either: it stays as it is.
   */
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
    this.#strength = new VoiceStrength(this.#part('.memory-panel'));
    this.#listen();
  }

  /** What the server says of the model in use, see `VoiceStrength`. */
  set model(told) {
    this.#strength.model = told;
    this.#draw();
  }

  /** What a request for a suggestion says. */
  get wanted() {
    const { strength, quotes_at_length: quotes } = this.#use;
    const memory = { memory_strength: strength, longest_copy: quotes ? null : LONGEST_COPY };
    return { ...memory, voice_strength: this.#strength.value };
  }

  get isOpen() {
    return !this.#part('.memory-panel').hidden;
  }

  /** `voice` is the draft's, null if it has none; `own` and `strength` what this draft wants, null as the voice has it. */
  show(voice, own, strength) {
    this.#voice = voice;
    this.#own = own;
    this.#strength.show(voice, strength);
    this.#root.hidden = voice === null;
    if (voice === null) this.close();
    this.#draw();
  }

  toggle() {
    if (this.isOpen) return this.close();
    this.#part('.memory-panel').hidden = false;
    this.#part('[data-action="memory"]').setAttribute('aria-expanded', 'true');
    return this.#part('.memory-range').focus();
  }

  close() {
    if (this.#part('.memory-panel').contains(document.activeElement)) this.#part('[data-action="memory"]').focus();
    this.#part('.memory-panel').hidden = true;
    this.#part('[data-action="memory"]').setAttribute('aria-expanded', 'false');
  }

  /** All drafts of the voice shall have what this one has. */
  keepForAll() {
    const use = this.#own;
    if (use !== null) this.#voice.memory_use = use;
    this.#own = null;
    const strength = this.#strength.isOwn ? this.#strength.giveToAll() : null;
    this.#part('.memory-range').focus(); // the button goes
    this.#draw();
    this.#on.voice(use, strength);
  }

  get #use() {
    return this.#own ?? this.#voice?.memory_use ?? { strength: 1, quotes_at_length: false };
  }

  #draw() {
    const { strength, quotes_at_length: quotes } = this.#use;
    const percent = Math.round(strength * FULL);
    const range = this.#part('.memory-range');
    range.value = percent;
    range.setAttribute('aria-valuetext', words(percent));
    range.style.setProperty('--share', strength);
    this.#part('.memory-strength').textContent = words(percent) + this.#strength.summary;
    this.#part('[type="checkbox"]').checked = quotes;
    const isOwn = this.#own !== null || this.#strength.isOwn;
    this.#part('.memory-whose span').textContent = isOwn ? 'For this draft.' : 'For every draft in this voice.';
    this.#part('[data-action="memory-for-all"]').hidden = !isOwn;
    this.#part('[data-action="memory-for-all"]').textContent = `Use it for all in ${this.#voice?.name}`;
  }

  #changed(element) {
    if (this.#strength.has(element)) this.#strength.take();
    else this.#own = this.#chosen;
    this.#draw();
  }

  get #chosen() {
    return {
      strength: Number(this.#part('.memory-range').value) / FULL,
      quotes_at_length: this.#part('[type="checkbox"]').checked,
    };
  }

  #keep(element) {
    if (this.#strength.has(element)) this.#on.draftStrength(this.#strength.own);
    else this.#on.draft(this.#own);
  }

  #listen() {
    const panel = this.#part('.memory-panel');
    panel.addEventListener('input', ({ target }) => this.#changed(target)); // while the slider moves
    panel.addEventListener('change', ({ target }) => this.#keep(target));
    this.#root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.isOpen) return;
      event.stopPropagation(); // a suggestion on offer stays
      this.close();
    });
    document.addEventListener('pointerdown', ({ target }) => {
      if (this.isOpen && !this.#root.contains(target)) this.close();
    });
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }
}

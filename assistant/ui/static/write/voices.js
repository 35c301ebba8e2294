/** Which voice the draft uses. */

import { make } from './dom.js';

export class VoiceChoice {
  #root;
  #on;
  #voices = [];
  #select = null;

  /** `on.change()` after the writer chose. */
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
  }

  get isEmpty() {
    return this.#voices.length === 0;
  }

  /** The voice a new draft starts with: the fullest. */
  get usual() {
    const [fullest] = [...this.#voices].sort((one, other) => other.documents - one.documents);
    return fullest?.id ?? null;
  }

  /** The chosen voice, null if none is. */
  get current() {
    return this.#voices.find((one) => one.id === this.value) ?? null;
  }

  get value() {
    return this.#select?.value ? Number(this.#select.value) : null;
  }

  show(voices) {
    this.#voices = voices;
    this.#select = null;
    if (this.isEmpty) this.#showNone();
    else this.#showChoice();
  }

  /** Takes over what is new about the voices, without touching what is on the page. */
  update(voices) {
    this.#voices = this.#voices.map((known) => voices.find(({ id }) => id === known.id) ?? known);
  }

  choose(voice) {
    if (!this.#select) return;
    const isKnown = this.#voices.some((one) => one.id === voice);
    this.#select.value = isKnown ? String(voice) : '';
  }

  #showNone() {
    this.#root.replaceChildren(
      'No voices yet: ',
      make('a', { href: '/library', textContent: 'bring your past writing into the Library' }),
    );
  }

  #showChoice() {
    const options = this.#voices.map((voice) => make('option', { value: String(voice.id), textContent: voice.name }));
    this.#select = make('select', {}, ...options, make('option', { value: '', textContent: 'No voice' }));
    this.#select.addEventListener('change', () => this.#on.change());
    this.#root.replaceChildren(make('label', {}, make('span', { textContent: 'Voice' }), this.#select));
  }
}

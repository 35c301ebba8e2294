/** The page's keys at work: which command a key means, whether there is something to do it to, where keys are named. */

import { Keys } from './keys.js';
import { KeysPanel } from './keys_panel.js';

export class Shortcuts {
  #root;
  #keys;
  #panel;
  #on;
  #hasNamedKeys = false;

  /**
   * `on`: what the commands do, by their names: `always`, `whenOffered` (a suggestion is whole), `inText` (the cursor is
   * in the text and something is offered); offer(), isOffered().
   */
  constructor(root, preferences, on) {
    this.#root = root;
    this.#keys = new Keys(preferences);
    this.#on = on;
    this.#panel = new KeysPanel(root.querySelector('.keys-dialog'), this.#keys, { change: () => this.#nameKeys() });
    root.addEventListener('keydown', (event) => this.#key(event));
    this.#nameKeys();
  }

  openPanel() {
    this.#panel.open();
  }

  /** What a screen reader says of a suggestion, once; with the keys the first time. */
  announcement(offer) {
    const keys = `${this.#keys.signs('accept')} accepts it, ${this.#keys.signs('dismiss')} dismisses it.`;
    const said = this.#hasNamedKeys ? `Suggestion: ${offer}` : `Suggestion: ${offer}. ${keys}`;
    this.#hasNamedKeys = true;
    return said;
  }

  #key(event) {
    if (event.isComposing || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const deed = this.#deed(this.#keys.command(event), event.target.matches('.editor textarea'));
    if (!deed) return; // the key means what it means elsewhere
    event.preventDefault();
    deed();
  }

  #deed(command, isInText) {
    const { always, whenOffered, inText, offer, isOffered } = this.#on;
    if (command in always) return always[command];
    if (isOffered() && command in whenOffered) return whenOffered[command];
    return isInText && offer() ? inText[command] : undefined;
  }

  /** Wherever the page names keys, those in force. */
  #nameKeys() {
    for (const place of this.#root.querySelectorAll('[data-key]')) place.textContent = this.#keys.signs(place.dataset.key);
    for (const place of this.#root.querySelectorAll('[data-key-title]')) {
      place.title = this.#keys.signs(place.dataset.keyTitle);
    }
  }
}

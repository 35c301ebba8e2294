/** The page's keys at work: which command a key means, whether there is something to do it to, where keys are named. */

import { Keys } from './keys.js';
import { KeysPanel } from './keys_panel.js';

const SENTENCE_END = /[.!?…]["'”’)\]]*$/;
// At the end of the text some of them change nothing, neither text nor selection.
const LEAVING = /^(Arrow(Up|Down|Left|Right)|Home|End|PageUp|PageDown|Backspace|Delete)$/;

export class Shortcuts {
  #root;
  #keys;
  #panel;
  #on;
  #hasNamedKeys = false;

  /**
   * `on`: what the commands do, by their names: `always`, `whenOffered` (a suggestion is whole), `inText` (the cursor is
   * in the text and something is offered); offer(), isOffered(); left() when a key that means no command leaves the offer.
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

  /** The keys of a command as they are drawn. */
  signs(name) {
    return this.#keys.signs(name);
  }

  /** What a screen reader says of a suggestion, once; with the keys the first time. */
  announcement(offer) {
    const keys = `${this.#keys.signs('accept')} accepts it, ${this.#keys.signs('dismiss')} dismisses it.`;
    const said = `Suggestion: ${offer.trim()}`;
    if (this.#hasNamedKeys) return said;
    this.#hasNamedKeys = true;
    return `${said}${SENTENCE_END.test(said) ? '' : '.'} ${keys}`;
  }

  #key(event) {
    if (event.isComposing || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const command = this.#keys.command(event);
    const isInText = event.target.matches('.editor textarea');
    const deed = this.#deed(command, isInText);
    if (isInText && !command && LEAVING.test(event.key)) this.#on.left();
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

/** The panel that lists the keys and lets them be changed. */

import { make } from './dom.js';
import { COMMANDS, chordOf, signs } from './keys.js';

export class KeysPanel {
  #dialog;
  #keys;
  #on;
  #waiting = null; // the command whose new keys are awaited

  /** `on`: change() after other keys do something. */
  constructor(dialog, keys, on) {
    this.#dialog = dialog;
    this.#keys = keys;
    this.#on = on;
    dialog.addEventListener('keydown', (event) => this.#key(event));
    dialog.addEventListener('close', () => this.#wait(null));
    dialog.querySelector('[data-action="reset-keys"]').addEventListener('click', () => this.#reset());
    dialog.querySelector('[data-action="close-keys"]').addEventListener('click', () => dialog.close());
  }

  open() {
    this.#draw();
    this.#dialog.showModal();
  }

  #draw() {
    this.#dialog.querySelector('.keys-list').replaceChildren(...COMMANDS.map((command) => this.#line(command)));
  }

  #line({ name, does }) {
    const isWaiting = name === this.#waiting;
    const label = isWaiting ? 'Press the new keys' : this.#keys.signs(name);
    const button = make('button', { type: 'button', className: 'key-choice', 'aria-label': `${does}: ${label}. Change` });
    button.dataset.command = name;
    button.append(isWaiting ? label : make('kbd', { textContent: label }));
    button.addEventListener('click', () => this.#wait(name));
    return make('div', {}, make('dt', {}, button), make('dd', { textContent: does }));
  }

  #wait(name) {
    this.#waiting = name;
    this.#say('');
    this.#draw();
    if (name) this.#button(name).focus();
  }

  #key(event) {
    if (!this.#waiting || event.isComposing) return;
    const name = this.#waiting;
    const chord = chordOf(event);
    event.preventDefault(); // Escape gives up waiting, not the dialog; Tab must not leave the button
    event.stopPropagation();
    if (!chord) return;
    if (chord === 'Escape' && name !== 'dismiss') return this.#cancel(name);
    const refusal = this.#keys.refusal(name, chord);
    if (refusal) return this.#say(refusal);
    this.#keys.change(name, chord);
    this.#wait(null);
    this.#button(name).focus();
    this.#say(`${signs(chord)} it is.`);
    return this.#on.change();
  }

  #cancel(name) {
    this.#wait(null);
    this.#button(name).focus();
  }

  #reset() {
    this.#keys.reset();
    this.#wait(null);
    this.#say('All keys are as they were.');
    this.#on.change();
  }

  #button(name) {
    return this.#dialog.querySelector(`[data-command="${name}"]`);
  }

  #say(sentence) {
    this.#dialog.querySelector('.keys-said').textContent = sentence;
  }
}

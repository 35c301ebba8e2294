/** Questions the writer must answer, in a dialog; and the dialogs' common ways. */

import { make } from './dom.js';

export class Questions {
  #dialog;

  constructor(dialog) {
    this.#dialog = dialog;
  }

  /** Asks; resolves to the value of the answer chosen. `fallback` is the answer of Escape. */
  ask(question, details, answers, fallback) {
    const dialog = this.#dialog;
    dialog.querySelector('h2').textContent = question;
    dialog.querySelector('.ask-details').replaceChildren(...details);
    dialog.returnValue = fallback;
    const buttons = answers.map(({ value, label, isMain }) => {
      const button = make('button', { type: 'button', className: isMain ? 'primary' : '', textContent: label });
      button.autofocus = Boolean(isMain);
      button.addEventListener('click', () => dialog.close(value));
      return button;
    });
    dialog.querySelector('.ask-answers').replaceChildren(...buttons);
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue || fallback), { once: true });
      dialog.showModal();
    });
  }

  async confirmErase(title) {
    const details = [make('p', { textContent: 'It goes with all its versions and cannot be brought back.' })];
    const answers = [
      { value: 'yes', label: 'Erase' },
      { value: 'no', label: 'Keep', isMain: true },
    ];
    return (await this.ask(`Erase “${title || 'Untitled'}”?`, details, answers, 'no')) === 'yes';
  }

  /** Whether the text of a draft that was deleted elsewhere stays: "theirs", it goes, or "both", as a new draft. */
  chooseLoss() {
    const details = [make('p', { textContent: 'It was deleted in another tab or window. Your text is still here.' })];
    const answers = [
      { value: 'theirs', label: 'Let it go' },
      { value: 'both', label: 'Keep it as a new draft', isMain: true },
    ];
    return this.ask('This draft is gone', details, answers, 'both');
  }
}

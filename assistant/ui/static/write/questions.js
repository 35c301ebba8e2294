/** Questions the writer must answer, in a dialog; and the dialogs' common ways. */

import { ago, make } from './dom.js';

const OPENING = 400;

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
      button.addEventListener('click', () => dialog.close(value));
      return button;
    });
    dialog.querySelector('.ask-answers').replaceChildren(...buttons);
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue || fallback), { once: true });
      dialog.showModal();
    });
  }

  async confirmDelete(title) {
    const details = [make('p', { textContent: 'It cannot be brought back.' })];
    const answers = [
      { value: 'yes', label: 'Delete' },
      { value: 'no', label: 'Keep', isMain: true },
    ];
    return (await this.ask(`Delete “${title || 'Untitled'}”?`, details, answers, 'no')) === 'yes';
  }

  /** Which text stays, when a draft changed or disappeared elsewhere: "mine", "theirs" or "both". */
  chooseText(kind, mine, found) {
    if (kind === 'deleted') {
      const details = [make('p', { textContent: 'It was deleted in another tab or window. Your text is still here.' })];
      const answers = [
        { value: 'theirs', label: 'Let it go' },
        { value: 'both', label: 'Keep it as a new draft', isMain: true },
      ];
      return this.ask('This draft is gone', details, answers, 'both');
    }
    const details = [
      make('p', { textContent: 'It was also changed in another tab or window. Which text should stay?' }),
      version('Here', mine),
      version(found.updated_at ? `There, ${ago(found.updated_at)}` : 'There', found),
    ];
    const answers = [
      { value: 'mine', label: 'The one here' },
      { value: 'theirs', label: 'The one there' },
      { value: 'both', label: 'Both, as two drafts', isMain: true },
    ];
    return this.ask('This draft has two versions', details, answers, 'both');
  }
}

function version(heading, { title, text }) {
  const end = text.length > OPENING ? `… ${text.slice(-OPENING)}` : text;
  return make(
    'section',
    { className: 'version' },
    make('h3', { textContent: heading }),
    make('p', { className: 'version-title', textContent: title || 'Untitled' }),
    make('p', { className: 'version-text', textContent: end || 'No text yet.' }),
  );
}

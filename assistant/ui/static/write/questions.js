/** Questions the writer must answer, in a dialog; and the dialogs' common ways. */

import { ago } from '../shared/dates.js';
import { make } from './dom.js';

const SHOWN = 400; // characters of a version
const LEAD = 100; // of them before the place where two versions part

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
    const start = Math.max(0, parting(mine.text, found.text) - LEAD);
    const details = [
      make('p', { textContent: 'It was also changed in another tab or window. Which text should stay?' }),
      version('Here', mine, start),
      version(found.updated_at ? `There, ${ago(found.updated_at)}` : 'There', found, start),
    ];
    const answers = [
      { value: 'mine', label: 'The one here' },
      { value: 'theirs', label: 'The one there' },
      { value: 'both', label: 'Both, as two drafts', isMain: true },
    ];
    return this.ask('This draft has two versions', details, answers, 'both');
  }
}

/** Where two texts begin to differ. */
function parting(one, other) {
  let place = 0;
  while (place < one.length && one[place] === other[place]) place += 1;
  return place;
}

function version(heading, { title, text }, start) {
  const from = start > 0 ? '… ' : '';
  const to = start + SHOWN < text.length ? ' …' : '';
  return make(
    'section',
    { className: 'version' },
    make('h3', { textContent: heading }),
    make('p', { className: 'version-title', textContent: title || 'Untitled' }),
    make('p', { className: 'version-text', textContent: from + text.slice(start, start + SHOWN) + to }),
  );
}

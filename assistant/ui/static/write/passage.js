/** The document a passage comes from, in a dialog, opened at the passage. */

import { longDate } from '../shared/dates.js';
import { call } from '../shared/server.js';
import { make } from './dom.js';

export class PassageDialog {
  #dialog;

  constructor(dialog) {
    this.#dialog = dialog;
    dialog.querySelector('[data-action="close-passage"]').addEventListener('click', () => dialog.close());
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close()); // the shade around it
  }

  async show(entry) {
    const range = new URLSearchParams({ start: entry.start, end: entry.end });
    const found = await call('GET', `/api/documents/${entry.document}/passage?${range}`);
    const mark = make('mark', { textContent: found.passage });
    const dialog = this.#dialog;
    dialog.querySelector('h2').textContent = found.title || 'Untitled';
    dialog.querySelector('.date').textContent = found.date ? longDate(found.date) : 'No date';
    dialog.querySelector('.passage-text').replaceChildren(found.before, mark, found.after);
    dialog.showModal();
    dialog.querySelector('.passage-text').focus({ preventScroll: true });
    mark.scrollIntoView({ block: 'center' });
  }
}

/** Drafts that were deleted and can still be put back. */

import { ago } from '../shared/dates.js';
import { call } from '../shared/server.js';
import { make } from './dom.js';
import { forget } from './journal.js';
import { Sheet } from './sheets.js';

export class DeletedSheet {
  #sheet;
  #on;
  #intro = make('p', { className: 'quiet' });
  #list = make('ul', { className: 'deleted-list' });

  /** `on`: back(id) after a draft was put back; confirm(title) -> whether to erase for good. */
  constructor(root, on) {
    this.#on = on;
    this.#sheet = new Sheet(root, 'deleted-dialog', 'Deleted drafts');
    this.#sheet.body.append(this.#intro, this.#list);
  }

  async open() {
    await this.#load();
    this.#sheet.open();
  }

  async #load() {
    const { drafts, hours } = await call('GET', '/api/deleted-drafts');
    this.#intro.textContent = drafts.length
      ? `After ${hours} hours they are erased for good, with their versions.`
      : `Nothing here. A deleted draft stays for ${hours} hours and can be put back.`;
    this.#list.replaceChildren(...drafts.map((line) => this.#item(line)));
  }

  #item({ id, title, opening, deleted_at: deletedAt }) {
    const name = title.trim() || 'Untitled';
    const back = make('button', { type: 'button', textContent: 'Put back' });
    back.setAttribute('aria-label', `Put back ${name}`);
    back.addEventListener('click', () => this.#sheet.attempt(() => this.#putBack(id)));
    const erase = make('button', { type: 'button', className: 'plain', textContent: 'Erase now' });
    erase.setAttribute('aria-label', `Erase ${name} now`);
    erase.addEventListener('click', () => this.#sheet.attempt(() => this.#erase(id, name)));
    const lines = make(
      'div',
      {},
      make('strong', { textContent: name }),
      make('span', { textContent: opening.trim() || 'No text' }),
      make('span', { textContent: `deleted ${ago(deletedAt)}` }),
    );
    return make('li', {}, lines, back, erase);
  }

  async #putBack(id) {
    await call('POST', `/api/deleted-drafts/${id}/put-back`);
    this.#sheet.close();
    await this.#on.back(id);
  }

  async #erase(id, name) {
    if (!(await this.#on.confirm(name))) return;
    await call('DELETE', `/api/deleted-drafts/${id}`);
    forget(id);
    await this.#load();
  }
}

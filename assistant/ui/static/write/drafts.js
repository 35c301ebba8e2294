/** The list of drafts. */

import { ago } from '../shared/dates.js';
import { make } from './dom.js';

const OPENING = 80;
const REFRESH = 60_000; // milliseconds between updates of "5 minutes ago"

export class DraftList {
  #list;
  #on;
  #lines = [];
  #open = null;

  /** `on`: open(id), remove(id, title). */
  constructor(list, on) {
    this.#list = list;
    this.#on = on;
    setInterval(() => this.#tell(), REFRESH);
  }

  get first() {
    return this.#lines[0]?.id ?? null;
  }

  has(id) {
    return this.#lines.some((line) => line.id === id);
  }

  show(lines, open) {
    this.#lines = lines;
    this.#open = open;
    this.#list.replaceChildren(...lines.map((line) => this.#item(line)));
  }

  /** A draft was saved: its line changes in place; the order stays until the list is shown again. */
  update(id, { title, text }, updatedAt) {
    const line = this.#lines.find((one) => one.id === id);
    if (!line) return;
    Object.assign(line, { title, opening: text.slice(0, OPENING), updated_at: updatedAt });
    const item = this.#list.querySelector(`[data-draft="${id}"]`);
    item.querySelector('.draft-title').textContent = titleOf(line);
    item.querySelector('.draft-opening').textContent = openingOf(line);
    this.#tell();
  }

  #tell() {
    for (const line of this.#lines) {
      this.#list.querySelector(`[data-draft="${line.id}"] .draft-time`).textContent = ago(line.updated_at);
    }
  }

  #item(line) {
    const open = make(
      'button',
      { type: 'button', className: 'draft-open' },
      make('span', { className: 'draft-title', textContent: titleOf(line) }),
      make('span', { className: 'draft-opening', textContent: openingOf(line) }),
      make('span', { className: 'draft-time', textContent: ago(line.updated_at) }),
    );
    if (line.id === this.#open) open.setAttribute('aria-current', 'true');
    open.addEventListener('click', () => this.#on.open(line.id));
    const remove = make('button', { type: 'button', className: 'draft-delete', textContent: '×', title: 'Delete' });
    remove.setAttribute('aria-label', `Delete ${titleOf(line)}`);
    remove.addEventListener('click', () => this.#on.remove(line.id, line.title));
    const item = make('li', {}, open, remove);
    item.dataset.draft = line.id;
    return item;
  }
}

function titleOf(line) {
  return line.title.trim() || 'Untitled';
}

function openingOf(line) {
  return line.opening.trim() || 'No text yet';
}

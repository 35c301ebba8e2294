/** The list of drafts. */

import { ago } from '../shared/dates.js';
import { call } from '../shared/server.js';
import { make } from './dom.js';

const OPENING = 80;
const REFRESH = 60_000; // milliseconds between updates of "5 minutes ago"
const TYPING = 150; // milliseconds after the last key until a search begins
const PAGE = 100; // drafts shown at once
const SEARCHED = 4; // fewer drafts are found by looking

export class DraftList {
  #list;
  #field;
  #more;
  #note;
  #on;
  #lines = [];
  #open = null;
  #shown = PAGE;
  #asked = 0; // counts questions, so that a late answer does not replace a newer one
  #timer = 0;

  /** `on`: open(id), remove(id, title), trouble(error). */
  constructor(panel, on) {
    this.#list = panel.querySelector('.draft-list');
    this.#field = panel.querySelector('.draft-search');
    this.#more = panel.querySelector('.draft-more');
    this.#note = panel.querySelector('.draft-none');
    this.#on = on;
    setInterval(() => this.#tell(), REFRESH);
    this.#field.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), TYPING);
    });
    this.#more.addEventListener('click', () => {
      this.#shown += PAGE;
      this.#load().catch(on.trouble);
    });
  }

  /** Reads the list, or what is searched for in it; `open` is the draft to be marked as open. */
  async refresh(open = this.#open) {
    this.#open = open;
    await this.#load();
  }

  async #search() {
    this.#shown = PAGE;
    await this.#load().catch(this.#on.trouble);
  }

  async #load() {
    const asked = ++this.#asked;
    const search = this.#field.value.trim();
    const query = new URLSearchParams({ search, limit: this.#shown });
    const { drafts, total } = await call('GET', `/api/drafts?${query}`);
    if (asked !== this.#asked) return;
    this.show(drafts, this.#open);
    const left = total - drafts.length;
    this.#more.hidden = left <= 0;
    this.#more.textContent = `Show more (${left.toLocaleString('en')})`;
    this.#note.hidden = !search || total > 0;
    this.#note.textContent = `No draft has “${search}” in it.`;
    this.#field.closest('.draft-find').hidden = !search && total < SEARCHED;
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

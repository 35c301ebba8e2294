/** The documents of one voice: search, order, the list. */

import { shortDate } from '../shared/dates.js';
import { confirmRemoval, count, h, inOrder, number, request } from './dom.js';
import { Reader } from './reader.js';

const PAGE = 1000; // documents per request
const SHOWN_AT_ONCE = 200;
const SEARCH_PAUSE_MS = 180;

const byText = (key) => (one, other) => inOrder(one[key], other[key]);
const byDate = (one, other) => (one.written_on ?? '').localeCompare(other.written_on ?? '');

/** Columns of the list; `compare` is the ascending order, `first` the direction a person wants first. */
const COLUMNS = [
  { key: 'title', label: 'Title', compare: byText('title'), first: 1 },
  { key: 'written_on', label: 'Written', compare: byDate, first: -1 },
  { key: 'characters', label: 'Characters', compare: (one, other) => one.characters - other.characters, first: -1 },
  { key: 'origin', label: 'From', compare: byText('origin'), first: 1 },
];

/** The same orders for narrow screens, where there is no header to press. */
const ORDERS = [
  { label: 'Newest first', key: 'written_on', direction: -1 },
  { label: 'Oldest first', key: 'written_on', direction: 1 },
  { label: 'By title', key: 'title', direction: 1 },
  { label: 'Longest first', key: 'characters', direction: -1 },
  { label: 'By file', key: 'origin', direction: 1 },
];

/** Everything below the import: `changed` is called when a document was deleted. */
export class DocumentList {
  constructor({ voice, announce, changed }) {
    this.voice = voice;
    this.announce = announce;
    this.changed = changed;
    this.documents = [];
    this.search = '';
    this.order = { key: 'written_on', direction: -1 };
    this.visible = SHOWN_AT_ONCE;
    this.active = 0; // the row that holds the one tab stop of the list
    this.asked = 0;
    this.build();
  }

  build() {
    this.field = h('input', {
      type: 'search',
      class: 'lib-input',
      placeholder: 'Search title and text',
      'aria-label': 'Search documents',
      oninput: () => this.searchSoon(),
    });
    this.select = h(
      'select',
      { class: 'lib-input lib-order', 'aria-label': 'Order', onchange: () => this.reorder(ORDERS[this.select.value]) },
      ORDERS.map(({ label }, position) => h('option', { value: position }, label)),
    );
    this.heading = h('h3', { id: 'lib-documents-title' }, 'Documents');
    this.headers = COLUMNS.map((column) => this.header(column));
    this.body = h('tbody', { role: 'rowgroup', onkeydown: (event) => this.pressed(event) });
    this.note = h('p', { class: 'lib-none', role: 'status' });
    this.more = h('button', { type: 'button', class: 'lib-button', onclick: () => this.showMore() });
    // Roles are spelled out because narrow screens lay the table out as blocks, which would take its meaning away.
    this.table = h(
      'table',
      { role: 'table', class: 'lib-documents', 'aria-labelledby': 'lib-documents-title' },
      h(
        'thead',
        { role: 'rowgroup' },
        h(
          'tr',
          { role: 'row' },
          this.headers,
          h('th', { role: 'columnheader' }, h('span', { class: 'unseen' }, 'Delete')),
        ),
      ),
      this.body,
    );
    this.element = h(
      'section',
      { class: 'lib-library', 'aria-labelledby': 'lib-documents-title', hidden: true },
      h('div', { class: 'lib-library-head' }, this.heading, this.field, this.select),
      this.note,
      this.table,
      this.more,
    );
  }

  header(column) {
    const press = () => {
      const same = this.order.key === column.key;
      this.reorder({ key: column.key, direction: same ? -this.order.direction : column.first });
    };
    return h(
      'th',
      { role: 'columnheader', scope: 'col', 'data-column': column.key },
      h('button', { type: 'button', class: 'lib-sort', onclick: press }, column.label),
    );
  }

  searchSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.search = this.field.value.trim();
      this.load();
    }, SEARCH_PAUSE_MS);
  }

  reorder({ key, direction }) {
    this.order = { key, direction };
    this.draw();
  }

  /** Reads the list again; an answer that a later question has overtaken is dropped. */
  async load() {
    const asked = ++this.asked;
    try {
      const found = await this.read();
      if (asked !== this.asked) return;
      this.documents = found;
      this.note.textContent = '';
      this.draw();
    } catch (error) {
      if (asked === this.asked) this.note.textContent = error.message;
    }
  }

  async read() {
    const found = [];
    for (;;) {
      const query = new URLSearchParams({ search: this.search, limit: PAGE, offset: found.length });
      const { documents } = await request('GET', `/voices/${this.voice}/documents?${query}`);
      found.push(...documents);
      if (documents.length < PAGE) return found;
    }
  }

  draw() {
    const { compare } = COLUMNS.find(({ key }) => key === this.order.key);
    // Undated documents stay last in either direction: a missing date is neither early nor late.
    const undated = (info) => (this.order.key === 'written_on' && !info.written_on ? 1 : 0);
    this.documents.sort(
      (one, other) =>
        undated(one) - undated(other) || compare(one, other) * this.order.direction || byText('title')(one, other),
    );
    this.active = Math.min(this.active, Math.max(0, this.documents.length - 1));
    this.element.hidden = !this.documents.length && !this.search;
    this.table.hidden = !this.documents.length;
    if (this.search)
      this.note.textContent = this.documents.length
        ? `${count(this.documents.length, 'document')} found`
        : `Nothing found for “${this.search}”. Try a shorter word.`;
    this.markOrder();
    this.drawRows();
  }

  markOrder() {
    const { key, direction } = this.order;
    for (const header of this.headers) {
      const sorted = header.dataset.column === key;
      header.setAttribute('aria-sort', sorted ? (direction > 0 ? 'ascending' : 'descending') : 'none');
    }
    this.select.value = ORDERS.findIndex((order) => order.key === key && order.direction === direction);
  }

  drawRows() {
    const focused = this.body.contains(document.activeElement)
      ? document.activeElement.closest('tr').dataset.document
      : '';
    const shown = this.documents.slice(0, this.visible);
    const longest = Math.max(...this.documents.map(({ characters }) => characters), 1);
    this.body.replaceChildren(...shown.map((info, position) => this.row(info, position, longest)));
    const hidden = this.documents.length - shown.length;
    this.more.hidden = hidden <= 0;
    this.more.textContent = `Show ${number(Math.min(hidden, SHOWN_AT_ONCE))} more of ${number(hidden)}`;
    // A list that grows under a running import must not take the focus away.
    if (focused) this.focusRow(shown.findIndex(({ id }) => String(id) === focused));
  }

  row(info, position, longest) {
    const tabindex = position === this.active ? 0 : -1;
    return h(
      'tr',
      { role: 'row', 'data-document': info.id, onfocusin: () => this.activate(position) },
      h(
        'td',
        { role: 'cell', class: 'lib-cell-title' },
        h(
          'button',
          { type: 'button', class: 'lib-title', tabindex, onclick: () => this.preview(position) },
          info.title,
        ),
      ),
      h('td', { role: 'cell', class: 'lib-cell-date' }, shortDate(info.written_on)),
      h(
        'td',
        { role: 'cell', class: 'lib-cell-length lib-numbers' },
        h(
          'span',
          { class: 'lib-length', style: `--share:${(info.characters / longest).toFixed(3)}` },
          number(info.characters),
        ),
        h('span', { class: 'lib-unit' }, ' characters'),
      ),
      h('td', { role: 'cell', class: 'lib-cell-origin', title: info.origin }, info.origin),
      h(
        'td',
        { role: 'cell', class: 'lib-cell-remove' },
        h(
          'button',
          {
            type: 'button',
            class: 'lib-quiet',
            tabindex,
            'aria-label': `Delete ${info.title}`,
            onclick: () => this.remove(info),
          },
          'Delete',
        ),
      ),
    );
  }

  showMore() {
    const first = this.visible;
    this.visible += SHOWN_AT_ONCE;
    this.drawRows();
    this.focusRow(first);
  }

  /** One tab stop for the whole list; the arrow keys move it. */
  activate(position) {
    for (const row of [this.active, position]) {
      for (const button of this.body.rows[row]?.querySelectorAll('button') ?? [])
        button.tabIndex = row === position ? 0 : -1;
    }
    this.active = position;
  }

  focusRow(position, selector = '.lib-title') {
    const row = this.body.rows[Math.max(0, Math.min(position, this.body.rows.length - 1))];
    row?.querySelector(selector).focus();
  }

  pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const last = this.body.rows.length - 1;
    const target = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, Home: 0, End: last }[event.key];
    if (event.key === 'Delete') this.remove(this.documents[this.active]);
    else if (target === undefined) return;
    else if (target > last && !this.more.hidden) this.showMore();
    else this.focusRow(target, event.target.matches('.lib-quiet') ? '.lib-quiet' : '.lib-title');
    event.preventDefault();
  }

  preview(position, leave) {
    new Reader(this, position, leave).open();
  }

  /** Opens a document by its number, whatever is searched for; `leave` is called when it is put away. */
  async open(id, leave) {
    const position = () => this.documents.findIndex((info) => info.id === id);
    if (position() < 0) {
      this.field.value = this.search = '';
      await this.load();
    }
    if (position() >= 0) this.preview(position(), leave);
  }

  /** Asks, deletes, and leaves the focus on the row that took the place. */
  async remove(info) {
    const position = this.documents.indexOf(info);
    const done = await confirmRemoval({
      title: `Delete “${info.title}”?`,
      lines: [
        `Its text and its ${count(info.snippets, 'snippet')} go for good; no suggestion will draw on them again.`,
        'The file it came from is not touched.',
      ],
      action: 'Delete document',
      act: () => request('DELETE', `/documents/${info.id}`),
    });
    if (!done) return false;
    this.announce(`“${info.title}” was deleted.`);
    await Promise.all([this.load(), this.changed()]);
    if (this.documents.length) this.focusRow(position);
    else this.field.focus();
    return true;
  }
}

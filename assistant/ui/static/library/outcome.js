/** What became of the files of an import. */

import { sentence } from '../shared/server.js';
import { count, h, inOrder, number } from './dom.js';

const FILTER_FROM = 12; // fewer files are seen at a glance

/** What can become of a file, in the order of the list: what asks for attention comes first. */
const FATES = [
  { status: 'refused', label: 'Not imported' },
  { status: 'waiting', label: 'Left out' },
  { status: 'imported', label: 'Imported' },
  { status: 'present', label: 'Already here' },
];

/** What became of every file: one sentence, and a list that can be narrowed. */
export class OutcomeView {
  constructor() {
    this.element = h('details', { class: 'lib-card lib-outcome', hidden: true });
    this.sentence = '';
  }

  clear() {
    this.element.hidden = true;
  }

  focus() {
    this.element.querySelector('summary').focus();
  }

  draw(report, { justNow }) {
    const files = ordered(report.files);
    this.sentence = outcomeSentence(report, files);
    const list = new FileList(files);
    this.element.replaceChildren(
      h(
        'summary',
        {},
        h('span', { class: 'lib-outcome-title' }, justNow ? TITLES[report.state] : 'Last import'),
        h('span', { class: 'lib-outcome-sentence' }, this.sentence),
      ),
      list.element,
    );
    this.element.open = justNow && files.some(({ status }) => status === 'refused'); // what went well needs no list
    this.element.hidden = false;
  }
}

const TITLES = { done: 'Import finished', cancelled: 'Import cancelled', failed: 'Import stopped early' };

const rank = new Map(FATES.map(({ status }, position) => [status, position]));
const ordered = (files) =>
  [...files].sort((one, other) => rank.get(one.status) - rank.get(other.status) || inOrder(one.path, other.path));
const having = (files, status) => files.filter((file) => file.status === status);

function outcomeSentence({ state, reason = '' }, files) {
  const imported = having(files, 'imported');
  const sum = (key) => imported.reduce((total, file) => total + file[key], 0);
  const numberOf = { refused: having(files, 'refused').length, waiting: having(files, 'waiting').length };
  const present = having(files, 'present').length;
  const parts = [`${count(sum('documents'), 'document')} imported, ${count(sum('snippets'), 'snippet')}.`];
  if (present) parts.push(`${count(present, 'file')} ${present === 1 ? 'was' : 'were'} already here.`);
  if (numberOf.refused) parts.push(`${count(numberOf.refused, 'file')} could not be imported.`);
  if (numberOf.waiting) parts.push(`${count(numberOf.waiting, 'file')} left out.`);
  if (state === 'failed') parts.push(`${sentence(reason)}. Add the same files again to go on; nothing is doubled.`);
  return parts.join(' ');
}

/** The files of one report, narrowed by fate and by name. */
class FileList {
  constructor(files) {
    this.files = files;
    this.status = ''; // all
    this.name = '';
    this.rows = h('ul', { class: 'lib-files' });
    this.scroller = h(
      'div',
      { class: 'lib-files-scroller', tabindex: 0, role: 'region', 'aria-label': 'Files' },
      this.rows,
    );
    this.element = h('div', {}, files.length >= FILTER_FROM ? this.filters() : null, this.scroller);
    this.draw();
  }

  filters() {
    const fates = FATES.filter(({ status }) => this.of(status).length);
    if (fates.length > 1) fates.unshift({ status: '', label: 'All' });
    else this.status = fates[0].status;
    this.buttons = fates.map(({ status, label }) =>
      h(
        'button',
        { type: 'button', class: 'lib-chip', 'data-status': status, onclick: () => this.narrow({ status }) },
        `${label} `,
        h('span', { class: 'lib-numbers' }, number(this.of(status).length)),
      ),
    );
    const search = h('input', {
      type: 'search',
      class: 'lib-input',
      placeholder: 'Find a file',
      'aria-label': 'Find a file',
    });
    search.addEventListener('input', () => this.narrow({ name: search.value }));
    const group = h('div', { class: 'lib-chips', role: 'group', 'aria-label': 'Show' }, this.buttons);
    return h('div', { class: 'lib-filters' }, group, search);
  }

  of(status) {
    return status ? having(this.files, status) : this.files;
  }

  narrow(change) {
    Object.assign(this, change);
    this.draw();
    this.scroller.scrollTop = 0;
  }

  draw() {
    const wanted = this.name.trim().toLowerCase();
    const rows = this.of(this.status).filter(({ path, reason }) => `${path}\n${reason}`.toLowerCase().includes(wanted));
    this.rows.replaceChildren(...rows.map(fileRow));
    if (!rows.length) this.rows.append(h('li', { class: 'lib-none' }, 'No file of this import fits.'));
    for (const button of this.buttons ?? []) {
      button.setAttribute('aria-pressed', String(button.dataset.status === this.status));
    }
  }
}

function fileRow(file) {
  return h(
    'li',
    { class: 'lib-file', 'data-status': file.status },
    h('span', { class: 'lib-file-name' }, file.path),
    h('span', { class: 'lib-file-fate' }, fate(file)),
  );
}

function fate({ status, documents, snippets, reason }) {
  switch (status) {
    case 'imported':
      return documents > 1
        ? `${count(documents, 'document')}, ${count(snippets, 'snippet')}`
        : count(snippets, 'snippet');
    case 'present':
      return 'Already here';
    case 'waiting':
      return 'Left out';
    default:
      return sentence(reason);
  }
}

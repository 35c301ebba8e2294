/** What the draft said earlier: a list with dates, what changed since, and the way back. */

import { ago } from '../shared/dates.js';
import { call } from '../shared/server.js';
import { count as counted } from '../shared/words.js';
import { make } from './dom.js';
import { Sheet } from './sheets.js';

const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const REASONS = {
  time: 'kept after a while',
  changes: 'kept while you wrote',
  'large change': 'before a large change',
  restore: 'before going back',
  merge: 'before two tabs were merged',
};
const SHOWN = 160; // characters of unchanged text on either side of a change

export class VersionsSheet {
  #sheet;
  #on;
  #draft = null;
  #list = make('ul', { className: 'version-list' });
  #view = make('div', { className: 'version-view', tabIndex: 0, role: 'region', 'aria-label': 'What changed since' });
  #name = make('input', { type: 'text', maxLength: 80, placeholder: 'Name this version' });

  /** `on`: settle() saves what is unsaved; restore(version) brings one back. */
  constructor(root, on) {
    this.#on = on;
    this.#sheet = new Sheet(root, 'versions-dialog', 'Versions');
    this.#name.setAttribute('aria-label', 'Name of the version');
    const keep = make('button', { type: 'submit', textContent: 'Keep' });
    const form = make('form', { className: 'version-keep' }, this.#name, keep);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#sheet.attempt(() => this.#keep());
    });
    this.#sheet.body.append(make('div', { className: 'version-side' }, form, this.#list), this.#view);
  }

  async open(draft) {
    this.#draft = draft;
    await this.#on.settle();
    await this.#load();
    this.#sheet.open();
  }

  async #load(chosen = null) {
    const { versions } = await call('GET', `/api/drafts/${this.#draft}/versions`);
    this.#list.replaceChildren(...versions.map((version) => this.#item(version)));
    const first = versions.find((version) => version.id === chosen) ?? versions[0];
    if (first) await this.#choose(first);
    else this.#showNone();
  }

  #showNone() {
    const sentences = [
      'No versions yet.',
      'One is kept by itself when you have written for a while, and before anything large changes. ' +
        'You can keep one by hand at any time.',
    ];
    this.#view.replaceChildren(...sentences.map((textContent) => make('p', { className: 'quiet', textContent })));
  }

  #item(version) {
    const when = make('time', { dateTime: version.written_at, textContent: MOMENT.format(new Date(version.written_at)) });
    const words = `${version.words.toLocaleString('en')} ${version.words === 1 ? 'word' : 'words'}`;
    const button = make(
      'button',
      { type: 'button', className: 'version-open' },
      version.name ? make('strong', { textContent: version.name }) : when,
      make('span', { textContent: `${version.name ? when.textContent : REASONS[version.reason]} · ${words}` }),
    );
    button.addEventListener('click', () => this.#sheet.attempt(() => this.#choose(version)));
    const item = make('li', {}, button);
    item.dataset.version = version.id;
    return item;
  }

  async #choose(version) {
    const path = `/api/drafts/${this.#draft}/versions/${version.id}`;
    const { title, runs } = await call('GET', `${path}/difference`);
    for (const item of this.#list.children) {
      const isChosen = Number(item.dataset.version) === version.id;
      if (isChosen) item.firstChild.setAttribute('aria-current', 'true');
      else item.firstChild.removeAttribute('aria-current');
    }
    const restore = make('button', { type: 'button', className: 'primary', textContent: 'Go back to this' });
    restore.addEventListener('click', () => this.#sheet.attempt(() => this.#restore(version)));
    const remove = make('button', { type: 'button', className: 'plain', textContent: 'Delete this version' });
    remove.addEventListener('click', () => this.#sheet.attempt(() => this.#remove(version)));
    this.#view.replaceChildren(
      make('p', { className: 'quiet', textContent: summary(version, runs) }),
      make('h3', { className: 'version-title', textContent: title || 'Untitled' }),
      make('div', { className: 'difference' }, ...drawn(runs)),
      make('div', { className: 'version-actions' }, restore, remove),
    );
    this.#view.scrollTop = 0;
  }

  async #keep() {
    await this.#on.settle();
    const kept = await call('POST', `/api/drafts/${this.#draft}/versions`, { name: this.#name.value });
    this.#name.value = '';
    await this.#load(kept.id);
  }

  async #restore(version) {
    await this.#on.restore(version);
    this.#sheet.close();
  }

  async #remove(version) {
    await call('DELETE', `/api/drafts/${this.#draft}/versions/${version.id}`);
    await this.#load();
  }
}

function summary(version, runs) {
  const count = (kind) => runs.filter((run) => run.kind === kind).reduce((sum, run) => sum + words(run.text), 0);
  if (runs.every((run) => run.kind === 'same')) return `From ${ago(version.written_at)}. The text is the same now.`;
  const came = count('new') ? [`${counted(count('new'), 'word')} came`] : [];
  const went = count('gone') ? [`${counted(count('gone'), 'word')} went`] : [];
  return `From ${ago(version.written_at)}. Since then ${[...came, ...went].join(' and ') || 'only spaces changed'}.`;
}

function words(text) {
  return text.match(/\S+/g)?.length ?? 0;
}

function drawn(runs) {
  return runs.map(({ kind, text }, place) => {
    if (kind === 'gone') return make('del', { textContent: text });
    if (kind === 'new') return make('ins', { textContent: text });
    return shortened(text, place > 0, place < runs.length - 1 || runs.length === 1);
  });
}

/** Unchanged text, but for its middle if it is long: a reader looks for what changed. */
function shortened(text, hasBefore, hasAfter) {
  if (text.length <= 2 * SHOWN + 40) return text;
  const start = hasBefore ? text.slice(0, SHOWN).replace(/\s*\S*$/, '') : '';
  const end = hasAfter ? text.slice(-SHOWN).replace(/^\S*\s*/, '') : '';
  return [start, '…', end].filter(Boolean).join(' ');
}

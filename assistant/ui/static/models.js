/** The Models page: what this machine is, every model with what it needs, and a field for one by name. */

import { h } from './library/dom.js';
import { ModelRow } from './models/row.js';
import { request } from './models/server.js';
import { size } from './models/words.js';
import { sentence } from './shared/server.js';

const BUSY_MS = 500; // how often the server is asked while something is going on
const SKIPPED = '#page-models';

/** Draws the page into `root`. */
export function start(root) {
  return new ModelsPage(root).begin();
}

class ModelsPage {
  constructor(root) {
    this.rows = new Map(); // a model's name -> its ModelRow
    this.live = h('p', { class: 'unseen', role: 'status' });
    this.machine = h('p', { class: 'mod-fine' });
    this.trouble = h('p', { class: 'mod-error mod-trouble', role: 'alert' });
    this.list = h('ul', { class: 'mod-list' });
    this.other = new OtherModel(this);
    this.root = h(
      'div',
      { class: 'mod' },
      h('h1', { class: 'mod-title' }, 'Models'),
      h(
        'p',
        { class: 'mod-lead' },
        'The model is what writes the suggestions. Ownhand comes with a small one. A bigger one writes better and ' +
          'takes longer; it works here on your computer too, and only fetching it needs the internet.',
      ),
      this.machine,
      this.trouble,
      this.list,
      this.other.element,
      this.live,
    );
    root.replaceChildren(this.root);
  }

  async begin() {
    await this.refresh();
    addEventListener('focus', () => this.refresh()); // another tab may have changed things
    addEventListener('hashchange', () => {
      // The link that skips the header leaves no trace in the address.
      if (location.hash === SKIPPED) history.replaceState(null, '', location.pathname + location.search);
    });
    this.root.dataset.ready = 'true';
  }

  announce(text) {
    this.live.textContent = text;
  }

  /** Asks the server how things stand, and again while something is going on. */
  async refresh() {
    clearTimeout(this.timer);
    let isBusy = true;
    try {
      isBusy = this.draw(await request('GET', ''));
      this.unreachable = false;
    } catch (error) {
      this.unreachable = true;
      this.trouble.textContent = error.message;
    }
    clearTimeout(this.timer);
    if (isBusy) this.timer = setTimeout(() => this.refresh(), this.unreachable ? 4 * BUSY_MS : BUSY_MS);
  }

  /** Sends what a button asks for; the answer is the whole page again. */
  async act(action, name) {
    const page = await request('POST', `/${action}`, { name });
    if (this.draw(page)) this.timer = setTimeout(() => this.refresh(), BUSY_MS);
  }

  /** Shows the page; returns whether something is going on. */
  draw(page) {
    clearTimeout(this.timer);
    const { device, memory, free_memory: freeMemory, free_disk: freeDisk } = page.machine;
    this.machine.textContent =
      `This computer: ${device}, ${size(memory)} of memory (${size(freeMemory)} free), ` +
      `${size(freeDisk)} free on the disk.`;
    this.trouble.textContent = sentence(page.trouble);
    const rows = page.models.map((model) => this.rowOf(model));
    rows.forEach((row, index) => {
      row.draw(page.models[index], page);
      if (this.list.children[index] !== row.element) this.list.insertBefore(row.element, this.list.children[index]);
    });
    for (const [name, row] of this.rows) {
      if (!rows.includes(row)) {
        row.element.remove();
        this.rows.delete(name);
      }
    }
    return page.switch.state === 'loading' || page.models.some(({ download }) => download?.state === 'running');
  }

  rowOf({ name }) {
    if (!this.rows.has(name)) this.rows.set(name, new ModelRow(this, name));
    return this.rows.get(name);
  }
}

/** Any model by its name: looked up first, so that its size and licence are known before it is fetched. */
class OtherModel {
  constructor(page) {
    this.page = page;
    this.input = h('input', {
      id: 'mod-name',
      class: 'mod-input',
      placeholder: 'owner/model',
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
      required: true,
    });
    this.button = h('button', { type: 'submit', class: 'mod-button' }, 'Look up');
    this.failure = h('p', { class: 'mod-error', role: 'alert' });
    this.element = h(
      'form',
      { class: 'mod-other', onsubmit: (event) => this.submit(event) },
      h('h2', {}, 'Another model'),
      h('label', { for: 'mod-name', class: 'mod-fine' }, 'Its name on huggingface.co. Looking it up asks that site; nothing is fetched yet.'),
      h('div', { class: 'mod-line' }, this.input, this.button),
      this.failure,
    );
  }

  async submit(event) {
    event.preventDefault();
    this.failure.textContent = '';
    this.button.disabled = true;
    try {
      const { name } = await request('POST', '/look-up', { name: this.input.value });
      this.input.value = '';
      await this.page.refresh();
      this.page.rows.get(name)?.focus();
    } catch (error) {
      this.failure.textContent = error.message;
    } finally {
      this.button.disabled = false;
    }
  }
}

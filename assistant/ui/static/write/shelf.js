/** The writer's drafts: which one is open, what the address says of it, and the list, a drawer on narrow pages. */

import { call } from '../shared/server.js';
import { DraftList } from './drafts.js';

const ADDRESS = /^#draft-(\d+)$/;

export class Shelf {
  #root;
  #on;
  #list;

  /**
   * `on`: keeper(), newVoice() of a new draft, isBlank() of the open one, leaving() it, opened(id, content), remove(id,
   * title); attempt(work) shows what goes wrong, trouble(error) too.
   */
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
    this.#list = new DraftList(root.querySelector('.drafts'), {
      open: (id) => on.attempt(() => this.open(id)),
      remove: (id, title) => on.attempt(() => on.remove(id, title)),
      trouble: on.trouble,
    });
    addEventListener('hashchange', () => this.#addressChanged());
    addEventListener('pointerdown', ({ target }) => {
      if (!target.closest('.drafts, .drafts-button')) this.close();
    });
  }

  async open(id) {
    if (id === this.#openId) return this.close();
    this.#on.leaving();
    const content = await this.#on.keeper().open(id);
    const opened = this.#on.opened(id, content);
    await this.list();
    this.close();
    return opened;
  }

  /** The draft that the address names, if there is such a one. */
  async openAddressed() {
    const wanted = addressed();
    try {
      if (wanted) await this.open(wanted);
      else await this.openFirst();
    } catch (error) {
      if (error.status !== 404) throw error;
      await this.openFirst();
    }
  }

  async openFirst() {
    await this.list();
    if (this.#list.first === null) await this.create();
    else await this.open(this.#list.first);
  }

  async create() {
    if (this.#openId !== null && this.#on.isBlank()) return this.close(); // the open draft is as good as a new one
    const { id } = await call('POST', '/api/drafts', { voice: this.#on.newVoice() });
    return this.open(id);
  }

  async list() {
    await this.#list.refresh(this.#openId);
    this.#showAddress();
  }

  /** A draft was saved. */
  update(id, content, updatedAt) {
    this.#list.update(id, content, updatedAt);
  }

  /** Opens or closes the drawer. */
  toggle() {
    const isOpen = this.#part('.write').classList.toggle('drafts-open');
    this.#part('.drafts-button').setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.#part('.drafts button').focus();
  }

  close() {
    this.#part('.write').classList.remove('drafts-open');
    this.#part('.drafts-button').setAttribute('aria-expanded', 'false');
  }

  get #openId() {
    return this.#on.keeper()?.id ?? null;
  }

  // To another draft; or to the page itself, by the link that skips the header.
  #addressChanged() {
    const wanted = addressed();
    if (wanted) this.#on.attempt(() => this.open(wanted));
    else this.#showAddress();
  }

  #showAddress() {
    if (this.#openId !== null) history.replaceState(null, '', `#draft-${this.#openId}`);
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }
}

function addressed() {
  return Number(location.hash.match(ADDRESS)?.[1]);
}

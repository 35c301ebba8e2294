/**
 * Keeps the open draft safe: every change goes to the journal at once and to the server soon.
 *
 * The server accepts a save only if it was made from the revision it holds. If it holds another one, nothing is
 * overwritten unseen: a text that ours descends from is replaced, any other is shown to the writer, who chooses.
 */

import { call } from '../shared/server.js';
import { markOf } from './journal.js';

const PAUSE = 400;
const LONGEST_PAUSE = 2000;
const RETRIES = [1000, 2000, 4000];
const KEEPALIVE_LIMIT = 60_000; // bytes that a browser still sends for a page that is being left
const KNOWN = 4; // marks of earlier texts worth remembering

const contentOf = ({ voice, title, text }) => ({ voice, title, text });
const isSame = (one, other) => markOf(one) === markOf(other);

export class Keeper {
  #journal;
  #on;
  #draft = null; // { id, revision, known }
  #content = null;
  #version = 0; // counts changes, so that a save knows whether it is still the newest
  #saved = 0;
  #running = null;
  #timer = 0;
  #unsavedSince = 0;
  #failures = 0;

  memoryUse = null; // how much of the voice's wording the open draft wants; a setting, not part of its content

  /**
   * `on`: state(name, detail) with "saved", "saving", "offline" or "refused"; stored(id, content, updatedAt);
   * replaced(content) and moved(draft) when a choice changed what is open; choose(kind, mine, found) -> a promise of
   * "mine", "theirs" or "both"; gone() when the draft is no longer there.
   */
  constructor(journal, on) {
    this.#journal = journal;
    this.#on = on;
    addEventListener('online', () => this.#save());
    addEventListener('pagehide', () => this.#lastWords());
    document.addEventListener('visibilitychange', () => document.hidden && this.#save());
  }

  get id() {
    return this.#draft?.id ?? null;
  }

  get isSaved() {
    return this.#version === this.#saved;
  }

  /** Opens a draft and returns its content: the server's, or what was kept here and is newer. */
  async open(id) {
    await this.settle();
    this.#begin(await call('GET', `/api/drafts/${id}`));
    for (const entry of await this.#journal.left(id)) await this.#restore(entry);
    return this.#content;
  }

  /** Takes over what another tab saved, if nothing is unsaved here. */
  async refresh() {
    if (!this.isSaved) return;
    const stored = await call('GET', `/api/drafts/${this.id}`);
    if (!this.isSaved || stored.id !== this.id || stored.revision === this.#draft.revision) return;
    this.#begin(stored);
    this.#on.replaced(this.#content);
  }

  change(content) {
    if (!this.#draft) return;
    this.#content = contentOf(content);
    this.#version += 1;
    this.#unsavedSince ||= Date.now();
    this.#keep();
    if (!this.#failures) this.#on.state('saving');
    if (!this.#running && !this.#failures) this.#saveIn(this.#pause());
  }

  /** Saves what is unsaved now; resolves whether or not that worked. */
  async settle() {
    await this.#running;
    await this.#save();
  }

  /** Forgets the open draft, which is being deleted. */
  drop() {
    clearTimeout(this.#timer);
    if (this.#draft) this.#journal.clear(this.#draft.id);
    this.#draft = null;
    this.#saved = this.#version;
  }

  #begin(stored) {
    clearTimeout(this.#timer);
    this.#draft = { id: stored.id, revision: stored.revision, known: [markOf(stored)] };
    this.#content = contentOf(stored);
    this.memoryUse = stored.memory_use;
    this.#saved = this.#version;
    this.#failures = 0;
    this.#unsavedSince = 0;
    this.#on.state('saved');
  }

  async #restore(entry) {
    const stored = markOf(this.#content);
    if (markOf(entry.content) !== stored) {
      if (entry.known.includes(stored)) this.change(entry.content);
      else await this.#settleConflict(entry.content, { ...this.#draft, ...this.#content });
    }
    this.#journal.remove(entry.key);
    if (!this.isSaved) this.#keep(); // the entry may have had this tab's own key
  }

  #keep() {
    this.isKept = this.#journal.write(this.#draft.id, this.#content, this.#draft.known);
  }

  #pause() {
    return Math.max(0, Math.min(PAUSE, this.#unsavedSince + LONGEST_PAUSE - Date.now()));
  }

  #saveIn(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), milliseconds);
  }

  #save() {
    clearTimeout(this.#timer);
    this.#running ??= this.#send().then((pause) => {
      this.#running = null;
      if (pause !== null) this.#saveIn(pause);
    });
    return this.#running;
  }

  // Resolves to the milliseconds until the next try, null if none is needed.
  async #send() {
    const draft = this.#draft;
    const content = this.#content;
    const version = this.#version;
    if (!draft || this.isSaved) return null;
    this.#remember(markOf(content));
    try {
      const stored = await call('PUT', `/api/drafts/${draft.id}`, { ...content, revision: draft.revision });
      return this.#confirm(stored, content, version);
    } catch (error) {
      return this.#fail(error, version);
    }
  }

  // A save whose answer is lost may have arrived all the same: its text is then the server's, and one of ours.
  #remember(mark) {
    this.#draft.known = [...this.#draft.known.filter((known) => known !== mark), mark].slice(-KNOWN);
    this.#keep();
  }

  #confirm(stored, content, version) {
    this.#failures = 0;
    this.#draft.revision = stored.revision;
    this.#saved = version;
    this.#on.stored(this.#draft.id, content, stored.updated_at);
    this.#unsavedSince = this.isSaved ? 0 : Date.now();
    if (this.isSaved) this.#journal.clear(this.#draft.id);
    this.#on.state(this.isSaved ? 'saved' : 'saving');
    return this.isSaved ? null : PAUSE;
  }

  async #fail(error, version) {
    if (error.status === 409) return this.#settleConflict(this.#content, error.body.found);
    if (error.status === 404) return this.#settleLoss(this.#content);
    if (error.isUnreachable) return this.#later('offline');
    if (error.isPassing) return this.#later('refused', error.message);
    this.#on.state('refused', error.message);
    return this.#version === version ? null : PAUSE; // what was typed meanwhile may be acceptable
  }

  #later(state, detail) {
    this.#failures += 1;
    this.#on.state(state, detail);
    return RETRIES[Math.min(this.#failures, RETRIES.length) - 1];
  }

  async #settleConflict(mine, found) {
    const isOurs = this.#draft.known.includes(markOf(found));
    const choice = isOurs || isSame(mine, found) ? 'mine' : await this.#on.choose('changed', mine, found);
    if (choice === 'both') return this.#saveElsewhere(mine);
    this.#journal.clear(this.#draft.id);
    this.#begin(found);
    if (choice === 'theirs') this.#on.replaced(this.#content);
    else if (!isSame(mine, found)) this.change(mine);
    return this.isSaved ? null : 0;
  }

  async #settleLoss(mine) {
    const choice = await this.#on.choose('deleted', mine, null);
    if (choice !== 'theirs') return this.#saveElsewhere(mine);
    this.drop();
    this.#on.gone();
    return null;
  }

  async #saveElsewhere(mine) {
    const old = this.#draft.id;
    try {
      const stored = await call('POST', '/api/drafts', { ...mine, title: `${mine.title || 'Untitled'} (my copy)` });
      this.#journal.clear(old);
      this.#begin(stored);
      this.#on.moved(stored);
      return null;
    } catch (error) {
      return this.#later('refused', error.message);
    }
  }

  // The page is being left: one last try that outlives it. The journal has the text in any case.
  #lastWords() {
    if (!this.#draft || this.isSaved || this.#running) return;
    const body = { ...this.#content, revision: this.#draft.revision };
    if (new Blob([JSON.stringify(body)]).size > KEEPALIVE_LIMIT) return;
    this.#remember(markOf(this.#content));
    call('PUT', `/api/drafts/${this.#draft.id}`, body, { keepalive: true }).catch(() => {});
  }
}

/**
 * Keeps the open draft safe: every change goes to the journal at once and to the server soon.
 *
 * The server accepts a save only if it was made from the revision it holds. If it holds another one, nothing is
 * overwritten unseen: a text that ours descends from is replaced, any other is merged with ours, paragraph by paragraph
 * and word by word. Tabs of one browser tell each other what they saved, so that they seldom have to.
 */

import { call } from '../shared/server.js';
import { forget, markOf } from './journal.js';

const PAUSE = 400;
const LONGEST_PAUSE = 2000;
const RETRIES = [1000, 2000, 4000];
const KEEPALIVE_LIMIT = 60_000; // bytes that a browser still sends for a page that is being left
const KNOWN = 4; // marks of earlier texts worth remembering
const COMPOSING = 200; // milliseconds between two looks at whether an input method is done
const CHANNEL = 'ownhand.drafts';

const contentOf = ({ voice, title, text, origins = [] }) => ({ voice, title, text, origins });
const isSame = (one, other) => markOf(one) === markOf(other);

export class Keeper {
  #journal;
  #on;
  #draft = null; // { id, revision, known, base }; base is the content that the server has confirmed
  #content = null;
  #version = 0; // counts changes, so that a save knows whether it is still the newest
  #saved = 0;
  #running = null;
  #timer = 0;
  #unsavedSince = 0;
  #failures = 0;
  #channel = new BroadcastChannel(CHANNEL);

  memoryUse = null; // how much of the voice's wording the open draft wants; a setting, not part of its content
  voiceStrength = null; // how far it goes towards the voice's persona; another

  /**
   * `on`: state(name, detail) with "saved", "saving", "offline" or "refused"; stored(id, content, updatedAt);
   * replaced(content) when another tab changed what is open, merged(content, places) when both did; isComposing();
   * chooseLoss(mine) -> a promise of "theirs" or "both", when the draft was deleted; moved(draft), gone().
   */
  constructor(journal, on) {
    this.#journal = journal;
    this.#on = on;
    addEventListener('online', () => this.#save());
    addEventListener('pagehide', () => this.#lastWords());
    document.addEventListener('visibilitychange', () => document.hidden && this.#save());
    this.#channel.addEventListener('message', ({ data }) => this.#heard(data));
  }

  get id() {
    return this.#draft?.id ?? null;
  }

  get revision() {
    return this.#draft.revision;
  }

  get isSaved() {
    return this.#version === this.#saved;
  }

  /** Opens a draft and returns its content: the server's, or what was kept here and is newer. */
  async open(id) {
    await this.settle();
    let stored = await call('GET', `/api/drafts/${id}`);
    if (!this.isSaved) { // typed while the answer was on its way
      await this.settle();
      if (id === this.id) stored = await call('GET', `/api/drafts/${id}`);
    }
    this.#begin(stored);
    for (const entry of await this.#journal.left(id)) await this.#restore(entry);
    return this.#content;
  }

  /** Takes over what another tab saved, if nothing is unsaved here. */
  async refresh() {
    if (!this.isSaved) return;
    const stored = await call('GET', `/api/drafts/${this.id}`);
    if (!this.isSaved || stored.id !== this.id || stored.revision === this.#draft.revision) return;
    if (!this.#on.isComposing()) this.take(stored);
  }

  /** Takes over what is stored now. */
  take(stored) {
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
    if (this.#draft) forget(this.#draft.id);
    this.#draft = null;
    this.#saved = this.#version;
  }

  #begin(stored) {
    clearTimeout(this.#timer);
    this.#content = contentOf(stored);
    this.#draft = { id: stored.id, revision: stored.revision, known: [markOf(stored)], base: this.#content };
    this.memoryUse = stored.memory_use;
    this.voiceStrength = stored.voice_strength;
    this.#saved = this.#version;
    this.#failures = 0;
    this.#unsavedSince = 0;
    this.#on.state('saved');
  }

  async #restore(entry) {
    const stored = markOf(this.#content);
    if (markOf(entry.content) !== stored) {
      if (entry.known.includes(stored)) this.change(entry.content);
      else await this.#merge(contentOf(entry.content), entry.base ?? null);
    }
    this.#journal.remove(entry.key);
    if (!this.isSaved) this.#keep(); // the entry may have had this tab's own key
  }

  #keep() {
    this.isKept = this.#journal.write(this.#draft.id, this.#content, this.#draft.known, this.#draft.base);
  }

  /** Another tab saved a draft; if it is the open one and nothing is unsaved here, this tab shows it at once. */
  #heard({ id, revision }) {
    if (id === this.id && revision > this.#draft.revision) this.refresh().catch(() => {}); // the next save will tell
  }

  #tellOthers() {
    this.#channel.postMessage({ id: this.id, revision: this.#draft.revision });
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
      return this.#draft === draft ? this.#confirm(stored, content, version) : this.#untilNext();
    } catch (error) {
      return this.#draft === draft ? this.#fail(error, version) : this.#untilNext();
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
    this.#draft.base = content;
    this.#saved = version;
    this.#tellOthers();
    this.#on.stored(this.#draft.id, content, stored.updated_at);
    this.#unsavedSince = this.isSaved ? 0 : Date.now();
    if (this.isSaved) this.#journal.clear(this.#draft.id);
    this.#on.state(this.isSaved ? 'saved' : 'saving');
    return this.#untilNext();
  }

  #untilNext() {
    return this.isSaved ? null : PAUSE;
  }

  async #fail(error, version) {
    if (error.status === 409) return this.#settleConflict(error.body.found);
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

  async #settleConflict(found) {
    const mine = this.#content;
    const isOurs = this.#draft.known.includes(markOf(found));
    if (!isOurs && !isSame(mine, found)) return this.#mergeOrWait();
    const { base } = this.#draft;
    this.#journal.clear(this.#draft.id);
    this.#begin(found);
    if (!isSame(mine, found)) this.change(mine);
    else if (!isSame(base, found)) this.#on.stored(this.id, this.#content, found.updated_at);
    return this.isSaved ? null : 0;
  }

  async #mergeOrWait() {
    try {
      await this.#merge(this.#content, this.#draft.base);
      return this.isSaved ? null : 0;
    } catch (error) {
      if (error.status === 404) return this.#settleLoss(this.#content);
      return this.#later(error.isUnreachable ? 'offline' : 'refused', error.message);
    }
  }

  // What is typed while the answer is on its way was made from `mine`, and is merged with the answer in its turn.
  async #merge(mine, base) {
    const { id, revision } = this.#draft;
    const version = this.#version;
    const bare = base && { voice: base.voice, title: base.title, text: base.text };
    const { draft, places } = await call('POST', `/api/drafts/${id}/merge`, { base: bare, mine: { ...mine, revision } });
    if (this.id !== id) return;
    while (this.#on.isComposing()) await new Promise((resolve) => setTimeout(resolve, COMPOSING));
    if (this.#version !== version) {
      this.#draft.base = mine; // should the next request fail: the server has `mine` by now
      await this.#merge(this.#content, mine);
      return;
    }
    this.#journal.clear(id);
    this.#begin(draft);
    this.#tellOthers();
    this.#on.stored(id, this.#content, draft.updated_at);
    this.#on.merged(this.#content, places);
  }

  async #settleLoss(mine) {
    const choice = await this.#on.chooseLoss(mine);
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

/**
 * What became of suggestions and rewrites, in numbers, told to the statistics of this machine: words shown, words taken. Which ones
 * these were is told too, so that the server can see in the saved draft, five minutes later, whether they still stand;
 * it keeps fingerprints of them until then, and no text.
 */

import { call } from '../shared/server.js';

export class Outcomes {
  #editor;
  #on;
  #about = null; // the voice and the draft of the suggestion on the page, from its first words on
  #end = null; // what the server said at its end
  #isFollowed = false;

  /** `on`: voice(), draft() as they are now. */
  constructor(editor, on) {
    this.#editor = editor;
    this.#on = on;
  }

  /** The state of the suggestion on the page: once it is being written its first words are to be seen. */
  state(name) {
    if (name === 'writing') this.#about = { voice: this.#on.voice(), draft: this.#on.draft() };
  }

  /** The suggestion is whole. One that was put in from elsewhere is none that was offered. */
  finished(end) {
    if (this.#editor.isOffering) this.#end = end;
  }

  /** Another one is asked for. */
  passed() {
    this.#isFollowed = this.#editor.isOffering;
  }

  /** The offer is gone: what was shown of it, and what was taken, in whole words. */
  gone({ shown, taken }) {
    const about = this.#about;
    const { timings = {}, signature = {} } = this.#end ?? {};
    const isFollowed = this.#isFollowed;
    this.#about = null;
    this.#end = null;
    this.#isFollowed = false;
    if (!about || !shown.trim()) return;
    const accepted = count(taken);
    const dismissed = accepted === 0 && !isFollowed;
    const told = { model: String(signature.model ?? ''), words: count(shown), timings, accepted_words: accepted };
    tell('suggestions', { ...about, ...told, dismissed, taken });
  }
}

/** What becomes of a rewrite: how many of its changes are taken, or that it is put away. */
export class RewriteOutcomes {
  #on;
  #shown = null; // what is known of the one on the page

  /** `on`: voice() of the draft as it is now. */
  constructor(on) {
    this.#on = on;
  }

  /** A rewrite is on the page; one that changes nothing is none. */
  shown(kind, changes, { model = '' }) {
    if (changes) this.#shown = { voice: this.#on.voice(), model: String(model), kind, changes };
  }

  taken(changes) {
    this.#settle(changes, false);
  }

  /** Another one is asked for. */
  passed() {
    this.#settle(0, false);
  }

  dismissed() {
    this.#settle(0, true);
  }

  #settle(accepted, dismissed) {
    const shown = this.#shown;
    this.#shown = null;
    if (!shown) return;
    tell('rewrites', { ...shown, accepted_changes: accepted, dismissed });
  }
}

/** Numbers may be lost. */
function tell(what, told) {
  call('POST', `/api/statistics/${what}`, told, { keepalive: true }).catch(() => {});
}

function count(text) {
  return (text.match(/\S+/g) ?? []).length;
}

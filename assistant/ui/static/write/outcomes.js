/**
 * What became of a suggestion, in numbers, told to the statistics of this machine: words shown, words taken, and five
 * minutes later how many of those still stand. No text leaves the page for it.
 */

import { call } from '../shared/server.js';

const LOOK_AFTER = 5 * 60 * 1000; // milliseconds
const SHORTEST_RUN = 3; // words in a row that are looked for; fewer stand in any text

export class Outcomes {
  #editor;
  #on;
  #offered = null; // the suggestion on offer: { text, start, told }
  #state = 'idle';

  /** `on`: voice(), draft() as they are now. */
  constructor(editor, on) {
    this.#editor = editor;
    this.#on = on;
  }

  /** A suggestion is whole: its text, where it was asked for, and what the server said of it. */
  finished(text, start, { timings, signature }) {
    if (this.#state === 'idle' || !text.trim() || this.#offered?.text === text) return; // it was put in, or is no news
    this.#settle({ isFollowed: true });
    const told = { voice: this.#on.voice(), model: String(signature.model ?? ''), words: count(text), timings };
    this.#offered = { text, start, told };
  }

  /** The state of the suggestion on the page: once it is gone, what was taken of it stands in the draft. */
  state(name) {
    this.#state = name;
    if (name === 'idle') setTimeout(() => this.#settle({ isFollowed: false })); // what is accepted is put in just after
  }

  #settle({ isFollowed }) {
    const offered = this.#offered;
    this.#offered = null;
    if (!offered) return;
    const taken = commonBeginning(this.#editor.text.slice(offered.start), offered.text);
    const accepted = Math.min(count(taken), offered.told.words);
    const dismissed = accepted === 0 && !isFollowed;
    this.#tell({ ...offered.told, accepted_words: accepted, dismissed }, taken).catch(() => {}); // numbers may be lost
  }

  async #tell(told, taken) {
    const draft = this.#on.draft();
    const { id } = await call('POST', '/api/statistics/suggestions', told, { keepalive: true });
    if (id === null || told.accepted_words === 0) return;
    setTimeout(() => this.#lookAfter(id, draft, taken, told.accepted_words).catch(() => {}), LOOK_AFTER);
  }

  async #lookAfter(id, draft, taken, accepted) {
    const { text } = await call('GET', `/api/drafts/${draft}`);
    const words = Math.min(keptWords(taken, text), accepted);
    await call('PUT', `/api/statistics/suggestions/${id}/kept`, { words });
  }
}

/** How many words of a text still stand in another one, in runs of three or more. */
export function keptWords(taken, text) {
  const [words, kept] = [listed(taken), listed(text)];
  const length = Math.min(SHORTEST_RUN, words.length);
  const runs = new Set(kept.map((_, start) => kept.slice(start, start + length).join(' ')));
  const stands = words.map(() => false);
  for (let start = 0; length && start + length <= words.length; start += 1) {
    if (runs.has(words.slice(start, start + length).join(' '))) stands.fill(true, start, start + length);
  }
  return stands.filter(Boolean).length;
}

function listed(text) {
  return text.match(/\S+/g) ?? [];
}

function count(text) {
  return listed(text).length;
}

function commonBeginning(one, other) {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}

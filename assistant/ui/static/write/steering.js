/** What the writer changed of the evidence of the open draft; the server remembers it with the draft. */

import { call } from '../shared/server.js';

export const MOST_PINNED = 5; // as the server has it: they fill the room for passages

const UNSTEERED = {
  pinned: [],
  excluded: [],
  order: [],
  added_words: [],
  removed_words: [],
  summary: null,
  ranking: null,
};

export class Steering {
  #on;
  #draft = null;
  #earlier = []; // what it was before each change, for undoing
  #titles = {};
  #saving = Promise.resolve(); // one after the other, so that the last change is the one that stays

  /** What a request for a suggestion says. */
  value = UNSTEERED;

  /** `on`: change() after every change by the writer, opened() when another draft's is shown, trouble(message). */
  constructor(on) {
    this.#on = on;
  }

  get isSteered() {
    return JSON.stringify(this.value) !== JSON.stringify(UNSTEERED);
  }

  get canUndo() {
    return this.#earlier.length > 0;
  }

  /** The documents left out, with their titles. */
  get leftOut() {
    return this.value.excluded.map((document) => ({ document, title: this.#titles[document] ?? '' }));
  }

  /** Shows what steers a draft. */
  async open(draft) {
    this.#draft = draft;
    this.#earlier = [];
    this.value = UNSTEERED;
    const { steering, titles } = await call('GET', `/api/drafts/${draft}/steering`);
    if (this.#draft !== draft) return;
    this.#titles = titles;
    this.value = steering;
    this.#on.opened();
  }

  /** The draft has another voice now: what was said of the old one's documents means nothing there. */
  anotherVoice() {
    if (!this.isSteered) return;
    this.#earlier = [];
    this.#keep(UNSTEERED);
    this.#on.opened();
  }

  pin(document) {
    const { pinned, excluded } = this.value;
    if (pinned.length >= MOST_PINNED) {
      this.#on.trouble(`At most ${MOST_PINNED} documents can be pinned: there is no room for more. Unpin one first.`);
      return;
    }
    this.#change({ pinned: [...pinned, document], excluded: less(excluded, document) });
  }

  unpin(document) {
    this.#change({ pinned: less(this.value.pinned, document) });
  }

  leaveOut(document, title) {
    const { pinned, excluded, order } = this.value;
    this.#titles[document] = title;
    this.#change({
      pinned: less(pinned, document),
      excluded: [...excluded, document],
      order: less(order, document),
    });
  }

  bringBack(document) {
    this.#change({ excluded: less(this.value.excluded, document) });
  }

  /** Moves a document up (-1) or down (1) among those that stand, `documents`. */
  move(documents, document, direction) {
    const order = [...new Set(documents)];
    const from = order.indexOf(document);
    const to = from + direction;
    if (from < 0 || to < 0 || to >= order.length) return;
    [order[from], order[to]] = [order[to], order[from]];
    this.#change({ order });
  }

  addWord(word) {
    const { added_words: added, removed_words: removed } = this.value;
    if (added.some((one) => isSame(one, word))) return;
    this.#change({ added_words: [...added, word], removed_words: removed.filter((one) => !isSame(one, word)) });
  }

  removeWord(word) {
    const { added_words: added, removed_words: removed } = this.value;
    if (added.some((one) => isSame(one, word))) this.#change({ added_words: added.filter((one) => !isSame(one, word)) });
    else this.#change({ removed_words: [...removed, word] });
  }

  bringBackWord(word) {
    this.#change({ removed_words: this.value.removed_words.filter((one) => !isSame(one, word)) });
  }

  /** Puts the writer's own summary in the place of the one that was made; null: that one again. */
  summarize(summary) {
    this.#change({ summary });
  }

  /** Chooses a ranking by its name; null: the usual one. */
  rank(ranking) {
    this.#change({ ranking });
  }

  undo() {
    if (!this.canUndo) return;
    this.#keep(this.#earlier.pop());
    this.#on.change();
  }

  /** Back to what Ownhand chose. */
  reset() {
    this.#change(UNSTEERED);
  }

  #change(changes) {
    this.#earlier.push(this.value);
    this.#keep({ ...this.value, ...changes });
    this.#on.change();
  }

  #keep(value) {
    this.value = value;
    const path = `/api/drafts/${this.#draft}/steering`;
    this.#saving = this.#saving.then(() => call('PUT', path, value)).catch((error) => this.#on.trouble(error.message));
  }
}

function less(documents, document) {
  return documents.filter((one) => one !== document);
}

function isSame(one, other) {
  return one.toLowerCase() === other.toLowerCase();
}

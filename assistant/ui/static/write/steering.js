/** What the writer changed of the evidence of the open draft; the server remembers it with the draft. */

import { call } from '../shared/server.js';

const MOST_PINNED = 5; // as the server has it: they fill the room for passages

const RETRY = 2000; // milliseconds until what could not be saved is sent again
const CHANNEL = 'ownhand.steering';

const UNSTEERED = {
  pinned: [],
  excluded: [],
  order: [],
  added_words: [],
  removed_words: [],
  summary: null,
  ranking: null,
  summary_by: null,
  keywords_by: null,
};

export class Steering {
  #on;
  #draft = null;
  #earlier = []; // what it was before each change, for undoing
  #titles = {};
  #channel = new BroadcastChannel(CHANNEL);
  #saving = Promise.resolve(); // one after the other, so that the last change is the one that stays

  /** What a request for a suggestion says. */
  value = UNSTEERED;

  /** Names of summaries and choices of words that no model is there to write. */
  lacking = [];

  /** `on`: change() after every change by the writer, opened() when another draft's is shown, trouble(message). */
  constructor(on) {
    this.#on = on;
    this.#channel.addEventListener('message', ({ data }) => {
      if (data === this.#draft) this.refresh().catch(() => {}); // the next look will tell
    });
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
    const told = await call('GET', `/api/drafts/${draft}/steering`);
    if (this.#draft === draft) this.#show(told);
  }

  /** Shows what another tab made of it meanwhile, or what is left of it where documents were deleted. */
  async refresh() {
    await this.#saving;
    const draft = this.#draft;
    const { value } = this;
    if (draft === null) return;
    const told = await call('GET', `/api/drafts/${draft}/steering`);
    if (this.#draft !== draft || this.value !== value) return; // it has changed here since
    if (JSON.stringify(told.steering) === JSON.stringify(value)) return;
    this.#earlier = [];
    this.#show(told);
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

  /** Chooses who sums up; null: the usual way. A summary in the writer's own words gives way to it. */
  summarizeBy(name) {
    this.#change({ summary_by: name, summary: null });
  }

  /** Chooses who chooses the words; null: the usual way. */
  chooseWordsBy(name) {
    this.#change({ keywords_by: name });
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
    const draft = this.#draft;
    this.#saving = this.#saving.then(() => this.#save(draft, value));
  }

  /** Saves a value; again and again while there is no server, unless another value or draft took its place. */
  async #save(draft, value) {
    for (let isFirst = true; isFirst || (this.#draft === draft && this.value === value); isFirst = false) {
      try {
        await call('PUT', `/api/drafts/${draft}/steering`, value);
        this.#channel.postMessage(draft);
        if (!isFirst) this.#on.trouble('');
        return;
      } catch (error) {
        this.#on.trouble(error.message);
        if (!error.isUnreachable && !error.isPassing) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }

  #show({ steering, titles, lacking }) {
    this.#titles = titles;
    this.value = steering;
    this.lacking = lacking;
    this.#on.opened();
  }
}

function less(documents, document) {
  return documents.filter((one) => one !== document);
}

function isSame(one, other) {
  return one.toLowerCase() === other.toLowerCase();
}

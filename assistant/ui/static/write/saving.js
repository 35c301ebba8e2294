/** The line that says whether everything is saved, and how many words there are. */

const FINE = ['saved', 'saving', 'merged'];

export class SavingLine {
  #line;

  constructor(line) {
    this.#line = line;
  }

  /** Shows a state of the keeper; returns what to say of it aloud, "" if nothing. */
  show(state, { detail, isKept }) {
    const kept = isKept ? 'kept in this browser' : 'not kept: leave this page open';
    const words = {
      saved: 'Saved',
      saving: 'Saving…',
      merged: 'Merged with another tab',
      offline: `Not saved: no connection (${kept})`,
      refused: `Not saved (${detail}): ${kept}`,
    };
    const isWorse = !FINE.includes(state) && this.#line.dataset.state !== state;
    this.#line.dataset.state = state;
    this.#line.textContent = words[state];
    return isWorse ? words[state] : '';
  }

  count(text) {
    const words = text.match(/\S+/g)?.length ?? 0;
    this.#line.title = `${words.toLocaleString('en')} ${words === 1 ? 'word' : 'words'}`;
  }
}

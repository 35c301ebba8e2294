/** Steering in the margin: words, the summary, other documents, how each is chosen, and the way back. */

import { call } from '../shared/server.js';
import { count } from '../shared/words.js';
import { make } from './dom.js';
import { Sheet } from './sheets.js';

const RANKINGS = [
  ['', 'By the passage that fits best', 'RankDocBySnpt: documents by their best snippet, words and meaning together'],
  ['RankDocBM25', 'By shared words', 'RankDocBM25: whole documents by BM25'],
  ['RankDocDense', 'By meaning', 'RankDocDense: whole documents by the nearness of their vectors'],
  ['RankSnippet', 'Single sentences', 'RankSnippet: snippets instead of passages'],
  ['RankFusion', 'By rank in both', 'RankFusion: reciprocal ranks of BM25 and vectors'],
  ['RecentDoc', 'Newest first', 'RecentDoc: documents by their date'],
];
const SUMMARIES = [
  ['', 'By the sentences nearest the draft', 'SumByDraft: sentences of the passages, by their nearness to the draft'],
  ['SumCtx', 'By what it learnt to expect', 'SumCtx: sentences that a scorer, trained on weak labels, expects to recur'],
  ['SumCtxWritten', 'Written for the draft', 'SumCtxWritten: by a language model that was trained to write it'],
  ['SumCtxInd', 'Whatever the draft', 'SumCtxInd: the sentences most like all others (LexRank)'],
  ['SumCtxIndWritten', 'Written, whatever the draft', 'SumCtxIndWritten: by a summarization model'],
  ['none', 'Not at all', 'No summary'],
];
const SYNTHESES = [
  ['', 'By what it learnt to expect, new here', 'SynCtxNew: as below, of the words that the draft does not have yet'],
  ['SynCtx', 'By what it learnt to expect', 'SynCtx: words that a scorer, trained on weak labels, expects to recur'],
  ['SynByDraft', 'By nearness to the draft', 'SynByDraft: words of the passages, by KeyBERT'],
  ['SynCtxWritten', 'Written for the draft', 'SynCtxWritten: by a language model that was trained to write them'],
  ['SynCtxInd', 'Your frequent words', 'SynCtxInd: frequent words of all that you wrote, whatever the draft'],
  ['none', 'Not at all', 'No words'],
];
const LACKING = 'No model is there for it: start Ownhand with one, see python app.py --help';
const FOUND = 6; // documents that a search shows
const PAUSE = 200;
const FULL = 100;

/** What stands before the letters, for a reader. */
function personaLine({ vectors, documents, strength }) {
  const share = `${Math.round(strength * FULL)} %`;
  return `First it reads ${count(vectors, 'vector')} that stand for ${count(documents, 'document')} of this voice, at ${share} voice strength; they have no letters.`;
}

export class SteeringPanel {
  #root;
  #steering;
  #on;
  #timer = 0;
  #summary = '';

  /** `on`: ask() gives what a suggestion would be asked with, trouble(message). */
  constructor(root, steering, on) {
    this.#root = root;
    this.#steering = steering;
    this.#on = on;
    this.prompt = new Sheet(root.closest('.write'), 'prompt-dialog', 'What the model reads');
    this.#build();
    this.draw();
  }

  /** The summary that stands now, for editing. */
  set summary(text) {
    this.#summary = text;
    this.editButton.hidden = false;
  }

  draw() {
    const { leftOut, value, isSteered, canUndo } = this.#steering;
    this.left.hidden = leftOut.length + value.removed_words.length === 0;
    this.left.replaceChildren(
      make('h3', { textContent: 'Left out' }),
      make(
        'ul',
        {},
        ...leftOut.map(({ document, title }) => this.#leftDocument(document, title)),
        ...value.removed_words.map((word) => this.#leftWord(word)),
      ),
    );
    this.ranking.value = value.ranking ?? '';
    this.summaryBy.value = value.summary_by ?? '';
    this.keywordsBy.value = value.keywords_by ?? '';
    for (const option of [...this.summaryBy.options, ...this.keywordsBy.options]) {
      option.disabled = this.#steering.lacking.includes(option.value);
      if (option.disabled) option.title = LACKING;
    }
    this.back.hidden = !isSteered;
    this.undo.hidden = !canUndo;
  }

  #build() {
    this.#buildWords();
    this.#buildSummary();
    this.left = make('section', { className: 'left-out', 'aria-label': 'Left out', hidden: true });
    this.back = this.#button('back', 'Back to what Ownhand chose', () => this.#steering.reset());
    this.undo = this.#button('undo', 'Undo', () => this.#steering.undo());
    const show = this.#button('prompt', 'Show the exact model input', () => this.#showPrompt());
    this.#part('.timings').before(
      this.left,
      make(
        'section',
        { className: 'steering', 'aria-label': 'Steer the evidence' },
        this.#finder(),
        ...this.#choices(),
        make('p', { className: 'steering-ways' }, this.undo, this.back, show),
      ),
    );
  }

  #buildWords() {
    const field = make('input', {
      type: 'text',
      className: 'add-word',
      placeholder: 'Add a word',
      maxLength: 60,
      autocomplete: 'off',
      'aria-label': 'Add a word',
    });
    field.dataset.control = 'word';
    field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.isComposing || !field.value.trim()) return;
      event.preventDefault();
      event.stopPropagation();
      this.#steering.addWord(field.value.trim());
      field.value = '';
    });
    this.#part('.keywords').append(field);
  }

  #buildSummary() {
    this.editButton = this.#button('summary', 'Edit', () => this.#editSummary());
    this.doneButton = this.#button('summary-done', 'Done', () => this.#endEditing(this.field.value.trim()));
    this.cancelButton = this.#button('summary-cancel', 'Cancel', () => this.#endEditing(null));
    this.doneButton.hidden = this.cancelButton.hidden = true;
    this.summaryTools = make('p', { className: 'summary-tools' }, this.editButton, this.doneButton, this.cancelButton);
    this.#part('.summary').append(this.summaryTools);
  }

  #editSummary() {
    this.field = make('textarea', { className: 'edit-summary', maxLength: 2000, rows: 5, value: this.#summary, 'aria-label': 'The summary' });
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      this.#endEditing(null);
    });
    this.summaryTools.before(this.field);
    this.#showEditing(true);
    this.field.focus();
  }

  #endEditing(text) {
    this.field.remove();
    this.#showEditing(false);
    this.editButton.focus();
    if (text !== null && text !== this.#summary) this.#steering.summarize(text);
  }

  #showEditing(isEditing) {
    this.doneButton.hidden = this.cancelButton.hidden = !isEditing;
    this.editButton.hidden = this.#part('.summary > p').hidden = isEditing;
  }

  #finder() {
    const found = make('ul', { className: 'found-documents' });
    const field = make('input', {
      type: 'search',
      placeholder: 'Add a document…',
      autocomplete: 'off',
      'aria-label': 'Add a document: search by words in its title or text',
    });
    field.dataset.control = 'find';
    field.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#find(field, found).catch((error) => this.#on.trouble(error.message)), PAUSE);
    });
    field.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      field.value = '';
      found.replaceChildren();
    });
    return make('div', { className: 'find-document', role: 'search' }, field, found);
  }

  async #find(field, list) {
    const search = field.value.trim();
    const { voice } = this.#on.ask();
    if (!search || voice === null) return list.replaceChildren();
    const path = `/api/library/voices/${voice}/documents?${new URLSearchParams({ search, limit: FOUND })}`;
    const { documents } = await call('GET', path);
    if (field.value.trim() !== search) return undefined;
    const items = documents.map(({ id, title, written_on: writtenOn }) => {
      const button = make('button', { type: 'button', className: 'plain', textContent: title || 'Untitled' });
      if (writtenOn) button.append(make('span', { className: 'date', textContent: ` ${writtenOn.slice(0, 4)}` }));
      button.addEventListener('click', () => {
        field.value = '';
        list.replaceChildren();
        field.focus();
        if (!this.#steering.value.pinned.includes(id)) this.#steering.pin(id);
      });
      return make('li', {}, button);
    });
    return list.replaceChildren(...(items.length ? items : [make('li', { className: 'fine', textContent: 'No document has these words.' })]));
  }

  #choices() {
    this.ranking = this.#choice('ranking', 'How passages are chosen', RANKINGS, (name) => this.#steering.rank(name));
    this.summaryBy = this.#choice('summary-by', 'How they are summed up', SUMMARIES, (name) => this.#steering.summarizeBy(name));
    this.keywordsBy = this.#choice('keywords-by', 'How words are chosen', SYNTHESES, (name) => this.#steering.chooseWordsBy(name));
    return [
      ['Passages', this.ranking],
      ['Summary', this.summaryBy],
      ['Words', this.keywordsBy],
    ].map(([textContent, select]) => make('label', { className: 'ranking' }, make('span', { textContent }), select));
  }

  #choice(control, label, choices, choose) {
    const options = choices.map(([value, textContent, title]) => make('option', { value, textContent, title }));
    const select = make('select', { 'aria-label': label }, ...options);
    select.dataset.control = control;
    select.addEventListener('change', () => choose(select.value || null));
    return select;
  }

  async #showPrompt() {
    try {
      const { persona, parts } = await call('POST', '/api/prompt', this.#on.ask());
      const pieces = parts.map(({ text, marker }) => (marker ? make('b', { className: 'marker', textContent: text }) : text));
      this.prompt.body.replaceChildren(
        make('p', { className: 'fine', textContent: 'Letter for letter what the model would read for a suggestion at the cursor. Bold signs are single marks to it.' }),
        ...(persona ? [make('p', { className: 'fine prompt-persona', textContent: personaLine(persona) })] : []),
        make('pre', { className: 'prompt-text', tabIndex: 0 }, ...pieces),
      );
      this.prompt.open();
    } catch (error) {
      this.#on.trouble(error.message);
    }
  }

  #leftDocument(document, title) {
    const back = this.#button('bring-back', 'Bring back', () => this.#steering.bringBack(document));
    back.setAttribute('aria-label', `Bring back “${title || 'Untitled'}”`);
    const item = make('li', {}, make('span', { textContent: title || 'Untitled' }), back);
    item.dataset.document = document;
    return item;
  }

  #leftWord(word) {
    const back = this.#button('bring-back', 'Bring back', () => this.#steering.bringBackWord(word));
    back.setAttribute('aria-label', `Bring back the word “${word}”`);
    back.dataset.word = word;
    return make('li', {}, make('span', { textContent: `“${word}”` }), back);
  }

  #button(control, textContent, act) {
    const button = make('button', { type: 'button', className: 'plain', textContent });
    button.dataset.control = control;
    button.addEventListener('click', act);
    return button;
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }
}

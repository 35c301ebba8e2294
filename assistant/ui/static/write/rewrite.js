/**
 * Rewriting what is selected: which way, the rewrite as it comes, then its changes to take or leave. The draft stays as
 * it is until the writer puts the rewrite in; typing into it meanwhile lets the rewrite go.
 */

import { call, lines, sentence } from '../shared/server.js';
import { make } from './dom.js';
import { brokenAgain } from './hand_broken.js';
import { RewriteOutcomes } from './outcomes.js';
import { RewriteReview } from './rewrite_review.js';
import { showScore } from './voice_score.js';

const KINDS = [
  { kind: 'voice', label: 'In my voice' },
  { kind: 'shorter', label: 'Shorter' },
  { kind: 'longer', label: 'Longer' },
  { kind: 'plainer', label: 'Plainer' },
];

export class Rewriting {
  #editor;
  #on;
  #panel;
  #kinds = make('div', { className: 'rewrite-kinds', role: 'group', 'aria-label': 'Rewrite it' });
  #note = make('div', { className: 'rewrite-note' });
  #text = make('div', { className: 'rewrite-text', tabIndex: -1, role: 'group', 'aria-label': 'Rewrite' });
  #facts = make('p', { className: 'rewrite-facts' });
  #score = make('p', { className: 'voice-score' });
  #actions = make('div', { className: 'rewrite-actions' });
  #put;
  #review;
  #outcomes;
  #aborter = null;
  #chosen = null; // { text, start, end }: the draft and what of it is to be rewritten
  #last = null; // { kind, seed } of the rewrite that is shown
  #unbroken = ''; // what was rewritten, as the server read it: every paragraph on one line
  #offered = null;

  /** `on`: ask() gives voice, title and steering of the draft; opening() before it opens; say(sentence) for screen readers. */
  constructor(panel, editor, on) {
    this.#panel = panel;
    this.#editor = editor;
    this.#on = on;
    this.#outcomes = new RewriteOutcomes({ voice: () => on.ask().voice });
    this.#review = new RewriteReview(this.#text, { changed: () => this.#count() });
    this.#put = button('Put it in', 'Ctrl Enter', () => this.#putIn());
    this.#put.className = 'primary';
    this.#actions.append(
      this.#put,
      button('All', 'A', () => this.#review.setAll(true)),
      button('None', 'N', () => this.#review.setAll(false)),
      button('Another', '', () => this.#write(this.#last.kind, this.#last.seed + 1)),
    );
    const leave = button('Leave it', 'Esc', () => this.close());
    const top = make('div', { className: 'rewrite-top' }, make('h2', { textContent: 'Rewrite' }), this.#kinds, leave);
    panel.tabIndex = -1; // where there is nothing to choose, the focus is on what it says
    panel.append(top, this.#note, this.#text, this.#facts, this.#score, this.#actions);
    panel.addEventListener('keydown', (event) => this.#key(event));
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  /** Opens the panel for what is selected, or for the paragraph of the cursor. */
  async open() {
    this.#on.opening();
    this.#stop();
    this.#outcomes.dismissed();
    this.#chosen = { text: this.#editor.text, ...this.#editor.selection };
    this.#clear('');
    this.#kinds.replaceChildren();
    this.#panel.hidden = false;
    this.#panel.focus();
    try {
      this.#offered = await call('GET', '/api/rewrite');
    } catch (error) {
      return this.#clear(error.message);
    }
    return this.isOpen ? this.#offer() : undefined;
  }

  /** Closes it; the draft is as it was. */
  close() {
    if (!this.isOpen) return;
    const hadFocus = this.#panel.contains(document.activeElement);
    this.#stop();
    this.#outcomes.dismissed();
    this.#panel.hidden = true;
    if (hadFocus) this.#editor.focus();
  }

  /** The draft may have changed: a rewrite of what it no longer says is let go. */
  textChanged() {
    if (!this.isOpen || this.#editor.text === this.#chosen.text) return;
    this.close();
    this.#on.say('The rewrite was let go, because the text has changed.');
  }

  // ---- which way ----

  #offer() {
    const { start, end, text } = this.#chosen;
    const { kinds, longest } = this.#offered;
    const selected = text.slice(start, end);
    if (!kinds.length) return this.#explain();
    if (!selected.trim()) return this.#clear('Select what you want rewritten.', { isFocused: true });
    if (selected.length > longest) {
      const [has, most] = [selected.length, longest].map((number) => number.toLocaleString('en'));
      return this.#clear(`${has} characters are selected; at most ${most} can be rewritten at a time.`, { isFocused: true });
    }
    this.#kinds.replaceChildren(...KINDS.filter(({ kind }) => kinds.includes(kind)).map((each) => this.#kindButton(each)));
    const missing = KINDS.filter(({ kind }) => !kinds.includes(kind)).map(({ label }) => label.toLowerCase());
    this.#clear(missing.length ? `${this.#offered.model} did not pass the check for: ${missing.join(', ')}.` : '');
    this.#kinds.firstChild.focus();
    return undefined;
  }

  /** Why there is nothing to choose, and what can be done about it. */
  #explain() {
    const { model, is_checked: isChecked, check } = this.#offered;
    const why = isChecked
      ? `Rewriting is not offered with ${model}: it was checked, and too many of its rewrites changed what was said.`
      : `Rewriting is not offered with ${model}: it has not been checked for it. Small models change what is said.`;
    const how = make('p', {}, 'Choose a bigger, instruction-tuned model on the page ', make('a', { href: '/models', textContent: 'Models' }));
    how.append(', then have it checked, which takes a while, with the command ', make('code', { textContent: check }), '.');
    this.#clear('');
    this.#note.replaceChildren(make('p', { textContent: why }), how);
    this.#on.say(why);
  }

  #kindButton({ kind, label }) {
    const element = button(label, '', () => this.#write(kind, 0));
    element.dataset.kind = kind;
    element.setAttribute('aria-pressed', 'false');
    return element;
  }

  // ---- the rewrite ----

  async #write(kind, seed) {
    this.#stop();
    this.#outcomes.passed();
    const { signal } = (this.#aborter = new AbortController());
    this.#last = { kind, seed };
    for (const each of this.#kinds.children) each.setAttribute('aria-pressed', each.dataset.kind === kind);
    this.#clear('');
    this.#panel.setAttribute('aria-busy', 'true');
    this.#text.focus();
    this.#on.say('Rewriting.');
    const { text, start, end } = this.#chosen;
    const { voice, title, steering } = this.#on.ask();
    const request = { kind, seed, voice, title, steering, selection: text.slice(start, end) };
    try {
      for await (const event of lines('/api/rewrite', request, signal)) this.#take(event);
      if (!signal.aborted && this.#panel.hasAttribute('aria-busy')) throw new Error('The rewrite broke off. Try again.');
    } catch (error) {
      if (signal.aborted) return;
      this.#clear(sentence(error.message));
      this.#on.say(sentence(error.message));
    }
  }

  #take(event) {
    if (event.event === 'error') throw new Error(event.message);
    if (event.event === 'text') this.#text.append(event.text);
    else this.#show(event);
  }

  #show({ selection, text, finish, lost, added, signature, voice_score: score }) {
    this.#panel.removeAttribute('aria-busy');
    this.#unbroken = selection;
    const count = this.#review.show(selection, text);
    this.#outcomes.shown(this.#last.kind, count, signature);
    this.#facts.textContent = [
      lost.length ? `It leaves out ${quoted(lost)}.` : '',
      added.length ? `It brings in ${quoted(added)}, which was not there.` : '',
      finish === 'length' ? 'It broke off before its end.' : '',
    ].join(' ');
    showScore(this.#score, score);
    this.#actions.hidden = false;
    this.#count();
    if (!count) this.#note.textContent = 'It came out as it was. Another may differ.';
    this.#on.say(announcement(count, this.#facts.textContent));
    this.#review.focus();
  }

  #count() {
    const { taken, count } = this.#review;
    this.#put.disabled = taken === 0;
    this.#note.textContent = count ? `${taken} of ${count} ${count === 1 ? 'change' : 'changes'} taken.` : '';
  }

  #putIn() {
    const edits = this.#review.edits();
    if (!edits.length) return;
    const { text, start, end } = this.#chosen;
    this.#outcomes.taken(edits.length);
    const all = brokenAgain(edits, text.slice(start, end), this.#unbroken);
    this.close();
    this.#editor.rewrite(all.map((edit) => ({ ...edit, start: edit.start + start, end: edit.end + start })));
    this.#on.say('The rewrite is in. Undo takes it back.');
  }

  #stop() {
    this.#aborter?.abort();
    this.#aborter = null;
    this.#panel.removeAttribute('aria-busy');
  }

  #clear(note, { isFocused = false } = {}) {
    this.#panel.removeAttribute('aria-busy');
    this.#review.clear();
    this.#note.textContent = note;
    this.#facts.textContent = '';
    showScore(this.#score, null);
    this.#actions.hidden = true;
    if (isFocused) this.#on.say(note);
  }

  #key(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const isBare = !event.ctrlKey && !event.metaKey && !event.altKey;
    const deeds = {
      Escape: () => this.close(),
      Enter: event.ctrlKey || event.metaKey ? () => this.#putIn() : null,
      a: isBare ? () => this.#review.setAll(true) : null,
      n: isBare ? () => this.#review.setAll(false) : null,
    };
    const deed = deeds[event.key];
    if (!deed || (event.key !== 'Escape' && this.#review.isEmpty)) return;
    event.preventDefault();
    deed();
  }
}

function button(label, key, run) {
  const element = make('button', { type: 'button' }, label);
  if (key) element.append(make('kbd', { textContent: key, 'aria-hidden': 'true' }));
  element.addEventListener('click', run);
  return element;
}

function quoted(words) {
  return words.map((word) => `“${word}”`).join(', ');
}

function announcement(count, facts) {
  if (!count) return 'The rewrite says the same as before.';
  const changes = count === 1 ? '1 change' : `${count} changes`;
  return (
    `The rewrite is there, with ${changes}, all taken. ${facts} Arrow keys go from one to the next, the space bar takes ` +
    'or leaves one, A takes all, N none. Control Enter puts it in, Escape leaves the text as it was.'
  );
}

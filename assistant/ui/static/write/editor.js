/** The draft's text: a plain textarea, so that undo, spelling, input methods and screen readers work as everywhere. */

import { Ghost } from './ghost.js';
import { Origins, changed } from './origins.js';

const NEXT_WORD = /^\s*\S+/;
const GROWS_BY_ITSELF = CSS.supports('field-sizing', 'content');

export class Editor {
  #frame;
  #textarea;
  #ghost;
  #on;
  #inserting = false;
  #isComposing = false;

  /**
   * `on`: change() after every edit, withdrawn() when an offer is let go, emptied() when it is used up, pointed(number)
   * when an underlined word of it is clicked.
   */
  constructor(frame, on) {
    this.#frame = frame;
    this.#textarea = frame.querySelector('textarea');
    this.#ghost = new Ghost(frame, this.#textarea, frame.querySelector('.mirror'));
    this.origins = new Origins(frame.querySelector('.origins'));
    this.#on = on;
    this.#listen();
  }

  /** Whether an input method is in the middle of a word: the text must not be changed under it. */
  get isComposing() {
    return this.#isComposing;
  }

  get text() {
    return this.#textarea.value;
  }

  get caret() {
    return this.#textarea.selectionEnd;
  }

  /** What is offered at the cursor, "" if nothing is. */
  get offer() {
    return this.#ghost.text;
  }

  /** Shows another text; nothing of the old one can be undone into it. */
  load(text, origins) {
    this.withdraw();
    this.#textarea.value = text;
    this.origins.load(text, origins);
    this.#textarea.readOnly = false;
    this.#textarea.setSelectionRange(text.length, text.length);
    this.#fit();
  }

  /** Shows what became of the same text elsewhere: the cursor stays at its words, and the change can be undone. */
  replace(text, origins) {
    this.withdraw();
    const { value, selectionStart, selectionEnd } = this.#textarea;
    const [start, oldEnd, newEnd] = changed(value, text, 0);
    const moved = (place) => (place <= start ? place : place >= oldEnd ? place + newEnd - oldEnd : newEnd);
    this.#put(text.slice(start, newEnd), start, oldEnd);
    this.#textarea.setSelectionRange(moved(selectionStart), moved(selectionEnd));
    this.origins.load(text, origins);
    this.#fit();
  }

  /** Selects a place of the text and brings it into view. */
  select(start, end) {
    this.focus();
    this.#textarea.setSelectionRange(start, start);
    this.#textarea.blur(); // browsers bring the cursor into view when the focus comes
    this.#textarea.focus();
    this.#textarea.setSelectionRange(start, end);
  }

  focus() {
    this.#textarea.focus({ preventScroll: true });
  }

  /** Opens an offer at the cursor. */
  openOffer() {
    const { caret } = this;
    this.#textarea.setSelectionRange(caret, caret);
    this.origins.nextOffer();
    this.#ghost.open(caret);
  }

  extendOffer(text) {
    this.#ghost.extend(text);
  }

  /** Underlines words of the offer, see `Ghost.mark`. */
  markOffer(marks) {
    this.#ghost.mark(marks);
  }

  /** The element of an underlined word, null once it is taken. */
  markElement(number) {
    return this.#ghost.markElement(number);
  }

  /** Lets the offer go. */
  withdraw() {
    if (!this.#ghost.isOpen) return;
    this.#ghost.close();
    this.#on.withdrawn();
  }

  accept() {
    const text = this.#ghost.text;
    if (!text) return;
    const at = this.#ghost.anchor;
    this.withdraw();
    this.#insert(text, at);
  }

  acceptWord() {
    const word = this.#ghost.text.match(NEXT_WORD)?.[0] ?? this.#ghost.text;
    if (word) this.#takeOver(word);
  }

  #takeOver(text) {
    this.#insert(text, this.#ghost.anchor);
    this.#ghost.take(text.length);
    if (!this.#ghost.text) this.#on.emptied();
  }

  #insert(text, at) {
    this.focus();
    this.#put(text, at, at);
    this.origins.accepted(at, text.length, this.text);
    this.#changed();
  }

  // execCommand is the only way to change a textarea that the browser's own undo covers: one call, one step back. It
  // works on what has the focus, which a change from elsewhere must not take.
  #put(text, start, end) {
    const hasFocus = document.activeElement === this.#textarea;
    this.#textarea.setSelectionRange(start, end);
    this.#inserting = true;
    const isDone = hasFocus && document.execCommand(text ? 'insertText' : 'delete', false, text);
    if (!isDone && start + text.length + end > 0) this.#textarea.setRangeText(text, start, end, 'end');
    this.#inserting = false;
  }

  #changed() {
    this.#fit();
    this.#on.change();
  }

  #fit() {
    if (GROWS_BY_ITSELF) return;
    this.#textarea.style.height = 'auto';
    this.#textarea.style.height = `${this.#textarea.scrollHeight}px`;
  }

  #listen() {
    const textarea = this.#textarea;
    textarea.addEventListener('input', (event) => {
      if (this.#inserting) return;
      this.withdraw();
      this.origins.follow(this.text, this.caret, event.inputType?.startsWith('history'));
      this.#changed();
    });
    textarea.addEventListener('compositionstart', () => {
      this.#isComposing = true;
      this.withdraw();
    });
    textarea.addEventListener('compositionend', () => (this.#isComposing = false));
    textarea.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('selectionchange', () => this.#caretMoved());
    this.#frame.addEventListener('click', () => this.focus());
    const mirror = this.#frame.querySelector('.mirror');
    mirror.addEventListener('pointerdown', (event) => event.preventDefault()); // the cursor stays where it is
    mirror.addEventListener('click', (event) => {
      event.stopPropagation(); // on a phone the focus would bring up the keyboard
      this.#on.pointed(Number(event.target.closest('.recall').dataset.mark));
    });
  }

  #caretMoved() {
    const { selectionStart, selectionEnd } = this.#textarea;
    if (!this.#ghost.isOpen || document.activeElement !== this.#textarea) return;
    if (selectionStart !== this.#ghost.anchor || selectionEnd !== this.#ghost.anchor) this.withdraw();
  }

  #key(event) {
    if (event.isComposing || !this.#ghost.isOpen) return;
    const handled = this.#offerKey(event);
    if (handled) event.preventDefault();
  }

  #offerKey(event) {
    const command = event.ctrlKey || event.metaKey;
    const bare = !command && !event.altKey;
    if (event.key === 'Escape') {
      this.withdraw();
      return true;
    }
    if (!this.#ghost.text) return false;
    if (event.key === 'Tab' && bare && !event.shiftKey) {
      this.accept();
      return true;
    }
    if (event.key === 'ArrowRight' && command && !event.shiftKey) {
      this.acceptWord();
      return true;
    }
    if (event.key.length === 1 && bare && this.#ghost.text.startsWith(event.key)) {
      this.#takeOver(event.key); // typing what is offered keeps the offer
      return true;
    }
    return false;
  }
}

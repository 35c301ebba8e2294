/** The draft's text: a plain textarea, so that undo, spelling, input methods and screen readers work as everywhere. */

import { Ghost } from './ghost.js';
import { Origins, changed } from './origins.js';

const NEXT_WORD = /^\s*\S+/;
const TYPING = ['insertText', 'insertLineBreak', 'insertParagraph'];
const GROWS_BY_ITSELF = CSS.supports('field-sizing', 'content');

export class Editor {
  #frame;
  #textarea;
  #ghost;
  #on;
  #inserting = false;
  #isComposing = false;

  /**
   * `on`: change() after every edit, edited(isTyping) after one by the writer's own hands, moved() when cursor or focus
   * may have moved, withdrawn() when an offer is let go, emptied() when it is used up, pointed(number) when an underlined
   * word of it is clicked.
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

  /** Whether the writer is at work at one place of the text: it has the focus, and nothing is selected. */
  get isAtWork() {
    const { selectionStart, selectionEnd, readOnly } = this.#textarea;
    return document.activeElement === this.#textarea && selectionStart === selectionEnd && !readOnly && !this.#isComposing;
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

  /** Opens an offer at the cursor; a quiet one comes by itself and brings nothing into view. */
  openOffer({ isQuiet = false } = {}) {
    const { caret } = this;
    this.#textarea.setSelectionRange(caret, caret);
    this.origins.nextOffer();
    this.#ghost.open(caret, { isQuiet });
  }

  /** Puts text in at a place, as an accepted suggestion. */
  insert(text, at) {
    this.withdraw();
    this.origins.nextOffer();
    this.#insert(text, at);
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
    textarea.addEventListener('input', (event) => this.#input(event));
    textarea.addEventListener('compositionstart', () => {
      this.#isComposing = true;
      this.withdraw();
    });
    textarea.addEventListener('compositionend', () => {
      this.#isComposing = false;
      this.#on.edited(true);
    });
    textarea.addEventListener('blur', () => this.#on.moved());
    document.addEventListener('selectionchange', () => this.#caretMoved());
    this.#frame.addEventListener('click', () => this.focus());
    const mirror = this.#frame.querySelector('.mirror');
    mirror.addEventListener('pointerdown', (event) => event.preventDefault()); // the cursor stays where it is
    mirror.addEventListener('click', (event) => {
      event.stopPropagation(); // on a phone the focus would bring up the keyboard
      this.#on.pointed(Number(event.target.closest('.recall').dataset.mark));
    });
  }

  #input(event) {
    if (this.#inserting) return;
    if (this.#isOffered(event)) return this.#typedThrough(event.data);
    this.withdraw();
    this.origins.follow(this.text, this.caret, event.inputType?.startsWith('history'));
    this.#changed();
    this.#on.edited(TYPING.includes(event.inputType) && !this.#isComposing);
  }

  /** Whether what was typed is what is offered. */
  #isOffered({ inputType, data }) {
    if (!this.#ghost.isOpen || this.#isComposing || inputType !== 'insertText' || !data) return false;
    return this.#ghost.text.startsWith(data) && this.caret === this.#ghost.anchor + data.length;
  }

  /** Typing what is offered keeps the offer. */
  #typedThrough(text) {
    const at = this.#ghost.anchor;
    this.#ghost.take(text.length);
    this.origins.accepted(at, text.length, this.text);
    this.#changed();
    if (!this.#ghost.text) this.#on.emptied();
    this.#on.edited(true);
  }

  #caretMoved() {
    this.#on.moved();
    const { selectionStart, selectionEnd } = this.#textarea;
    if (!this.#ghost.isOpen || document.activeElement !== this.#textarea) return;
    if (selectionStart !== this.#ghost.anchor || selectionEnd !== this.#ghost.anchor) this.withdraw();
  }
}

/** The draft's text: a plain textarea, so that undo, spelling, input methods and screen readers work as everywhere. */

import { Ghost } from './ghost.js';
import { fit } from './growing.js';
import { paragraphAt } from './hand_broken.js';
import { Origins, changed } from './origins.js';
import { isBorder } from './place.js';

const NEXT_WORD = /^\s*\S+/;
const WORD_AT_START = /^[\p{L}\p{N}\p{M}]/u;
const WORD_AT_END = /\s*\S+$/;
const TYPING = ['insertText', 'insertLineBreak', 'insertParagraph'];

export class Editor {
  #frame;
  #textarea;
  #ghost;
  #on;
  #inserting = false;
  #isComposing = false;
  #typed = ''; // what the writer typed of the offer, since it opened or its last word was accepted

  /**
   * `on`: change() after every edit, edited(isTyping) after one by the writer's own hands, moved() when cursor or focus
   * may have moved, withdrawn(offer) when an offer is gone, with what was `shown` of it and what was `taken`, emptied() when it is used up, pointed(number) when an underlined
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

  /** Where what is selected begins and ends; with nothing selected, the paragraph of the cursor. */
  get selection() {
    const { value, selectionStart, selectionEnd } = this.#textarea;
    if (selectionStart !== selectionEnd) return { start: selectionStart, end: selectionEnd };
    return paragraphAt(value, selectionEnd);
  }

  /** What is offered at the cursor, "" if nothing is. */
  get offer() {
    return this.#ghost.text;
  }

  /** Whether an offer is open, be it still empty. */
  get isOffering() {
    return this.#ghost.isOpen;
  }

  /** Shows another text; nothing of the old one can be undone into it. */
  load(text, origins) {
    this.#close();
    this.#textarea.value = text;
    this.origins.load(text, origins);
    this.#textarea.readOnly = false;
    this.#textarea.setSelectionRange(text.length, text.length);
    fit(this.#textarea);
  }

  /**
   * Shows what became of the same text elsewhere: the cursor stays at its words, and the change can be undone.
   * Returns where a place of the text is now.
   */
  replace(text, origins) {
    this.#close();
    const { value, selectionStart, selectionEnd } = this.#textarea;
    const [start, oldEnd, newEnd] = changed(value, text, 0);
    const moved = (place) => (place <= start ? place : place >= oldEnd ? place + newEnd - oldEnd : newEnd);
    this.#put(text.slice(start, newEnd), start, oldEnd);
    this.#textarea.setSelectionRange(moved(selectionStart), moved(selectionEnd));
    this.origins.load(text, origins);
    fit(this.#textarea);
    return moved;
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

  /** Changes the text as one step of undo: `edits` are `{ start, end, text }`, in order; no model wrote an `isBreak`. */
  rewrite(edits) {
    const { start } = edits[0];
    const { end } = edits.at(-1);
    let text = '';
    let at = start;
    for (const edit of edits) {
      text += this.text.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    this.withdraw();
    this.focus();
    this.#put(text, start, end);
    this.origins.rewritten(edits, this.text);
    this.#changed();
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

  /** Lets the offer go. The beginning of its next word, if the writer typed that, may become another word: it is theirs. */
  withdraw() {
    const { anchor } = this.#ghost;
    const begun = this.#begun;
    this.#close();
    if (!begun) return;
    this.origins.disown(anchor - begun, anchor);
    this.#on.change();
  }

  accept() {
    const text = this.#ghost.text;
    if (!text) return;
    const { anchor, taken } = this.#ghost;
    this.#close(taken + text);
    this.#insert(text, anchor);
  }

  acceptWord() {
    const word = this.#ghost.text.match(NEXT_WORD)?.[0] ?? this.#ghost.text;
    if (word) this.#takeOver(word);
  }

  /** How many characters the writer typed of a word of the offer that goes on. */
  get #begun() {
    return WORD_AT_START.test(this.#ghost.text) ? (this.#typed.match(WORD_AT_END)?.[0].length ?? 0) : 0;
  }

  #close(taken = this.#ghost.taken.slice(0, this.#ghost.taken.length - this.#begun)) {
    if (!this.#ghost.isOpen) return;
    const shown = this.#ghost.taken + this.#ghost.text;
    this.#typed = '';
    this.#ghost.close();
    this.#on.withdrawn({ shown, taken });
  }

  #takeOver(text) {
    this.#typed = '';
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
    fit(this.#textarea);
    this.#on.change();
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
    const typed = event.inputType === 'insertLineBreak' ? '\n' : event.data;
    if (this.#isOffered(event, typed)) return this.#typedThrough(typed);
    this.withdraw();
    this.origins.follow(this.text, this.caret, event.inputType?.startsWith('history'));
    this.#changed();
    this.#on.edited(TYPING.includes(event.inputType) && !this.#isComposing);
  }

  /** Whether what was typed is what is offered, up to the end of a character: "e" is not the beginning of "é". */
  #isOffered({ inputType }, typed) {
    if (!this.#ghost.isOpen || this.#isComposing || !typed) return false;
    if (inputType !== 'insertText' && inputType !== 'insertLineBreak') return false;
    const { text, anchor } = this.#ghost;
    return text.startsWith(typed) && isBorder(typed, text.slice(typed.length)) && this.caret === anchor + typed.length;
  }

  /** Typing what is offered keeps the offer. */
  #typedThrough(text) {
    const at = this.#ghost.anchor;
    this.#typed += text;
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

/** The draft's title: one line of text that is shown on as many lines as it needs. */

import { fit } from './growing.js';

const LINE_BREAKS = /\s*[\r\n\u2028\u2029]+\s*/g;

export class TitleField {
  #field;

  /** `on`: change() after every edit, done() when Enter says that the title is written. */
  constructor(field, on) {
    this.#field = field;
    field.addEventListener('input', () => {
      this.#joinLines();
      fit(field);
      on.change();
    });
    field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      on.done();
    });
    addEventListener('resize', () => fit(field));
  }

  get value() {
    return this.#field.value;
  }

  /** The cursor stays where it is if the title is the same. */
  set value(title) {
    if (this.#field.value !== title) this.#field.value = title;
    fit(this.#field);
  }

  focus() {
    this.#field.focus();
  }

  /** What is pasted may have several lines. */
  #joinLines() {
    const { value, selectionEnd } = this.#field;
    const joined = value.replace(LINE_BREAKS, ' ');
    if (joined === value) return;
    const caret = value.slice(0, selectionEnd).replace(LINE_BREAKS, ' ').length;
    this.#field.value = joined;
    this.#field.setSelectionRange(caret, caret);
  }
}

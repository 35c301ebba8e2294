/** Dialogs of the draft's own matters: all open, close and are named alike. */

import { make } from './dom.js';

export class Sheet {
  #opener = null;

  /** An empty dialog with a heading and a Close button, below `root`. */
  constructor(root, className, heading) {
    const id = `${className}-heading`;
    this.heading = make('h2', { id, textContent: heading, tabIndex: -1, autofocus: true });
    this.body = make('div', { className: 'sheet-body' });
    const close = make('button', { type: 'button', className: 'plain', textContent: 'Close' });
    close.addEventListener('click', () => this.close());
    this.trouble = make('p', { className: 'sheet-trouble', role: 'alert', hidden: true });
    this.dialog = make(
      'dialog',
      { className: `care-dialog ${className}`, 'aria-labelledby': id },
      make('header', {}, this.heading, close),
      this.trouble,
      this.body,
    );
    this.dialog.addEventListener('click', (event) => event.target === this.dialog && this.close()); // the shade around it
    this.dialog.addEventListener('close', () => this.#opener?.focus?.());
    root.append(this.dialog);
  }

  open() {
    this.#opener = document.activeElement;
    this.trouble.hidden = true;
    this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  /** Runs what a button asked for; an error stands above the rest. */
  async attempt(work) {
    try {
      this.trouble.hidden = true;
      return await work();
    } catch (error) {
      this.trouble.textContent = error.message;
      this.trouble.hidden = false;
      return undefined;
    }
  }
}

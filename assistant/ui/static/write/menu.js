/** A button that opens a short list of actions; arrows move in it, Escape closes it. */

export class Menu {
  #button;
  #list;

  constructor(button, list) {
    this.#button = button;
    this.#list = list;
    button.addEventListener('click', () => this.#toggle());
    button.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown') return;
      event.preventDefault();
      this.#open();
    });
    list.addEventListener('keydown', (event) => this.#key(event));
    // After the action has heard of the click; and an action may bring the focus where it wants it.
    list.addEventListener('click', () => this.#close({ isFocused: true }));
    addEventListener('pointerdown', (event) => {
      if (!list.hidden && !list.contains(event.target) && !button.contains(event.target)) this.#close();
    });
    list.addEventListener('focusout', (event) => {
      if (event.relatedTarget && !list.contains(event.relatedTarget)) this.#close();
    });
  }

  #toggle() {
    if (this.#list.hidden) this.#open();
    else this.#close({ isFocused: true });
  }

  #open() {
    this.#list.hidden = false;
    this.#button.setAttribute('aria-expanded', 'true');
    this.#items()[0]?.focus();
  }

  #close({ isFocused = false } = {}) {
    if (this.#list.hidden) return;
    if (isFocused && this.#list.contains(document.activeElement)) this.#button.focus();
    this.#list.hidden = true;
    this.#button.setAttribute('aria-expanded', 'false');
  }

  #items() {
    return [...this.#list.querySelectorAll('button:not([hidden])')];
  }

  #key(event) {
    const items = this.#items();
    const at = items.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      items.at(next % items.length).focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      event.stopPropagation();
      if (event.key === 'Escape') event.preventDefault();
      this.#close({ isFocused: true });
    }
  }
}

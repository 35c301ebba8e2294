/** Which tab this is, and which others are open: a journal entry of an open tab is not to be touched. */

const STORED = 'ownhand.tab';
const LOCK = 'ownhand.tab.';

export class Tab {
  id = Math.random().toString(36).slice(2);
  #before;

  constructor() {
    try {
      this.#before = sessionStorage.getItem(STORED); // this tab's name before it was reloaded
      sessionStorage.setItem(STORED, this.id);
    } catch {
      this.#before = null;
    }
    // Held until the tab closes or crashes: others see by it that the tab is alive.
    navigator.locks?.request(LOCK + this.id, () => new Promise(() => {}));
  }

  /** Whether a name belongs to another open tab. */
  async isOther(name) {
    if (name === this.id || name === this.#before || !navigator.locks) return false;
    const { held } = await navigator.locks.query();
    return held.some((lock) => lock.name === LOCK + name);
  }
}

/**
 * What the server has not confirmed yet, kept in this browser: one entry per draft and tab.
 *
 * An entry knows the marks (fingerprints) of the texts it descends from. If the server's text is one of them, the
 * entry is newer and may replace it; if not, both have changed and are merged, for which the entry keeps its base: the
 * text that the server confirmed last.
 */

const PREFIX = 'ownhand.journal';

/** A fingerprint of a draft's content: two 32-bit FNV-1a hashes with different starts. */
export function markOf({ voice, title = '', text }) {
  const whole = `${voice ?? ''}\n${title}\n${text}`;
  let one = 0x811c9dc5;
  let two = 0x1b873593;
  for (let index = 0; index < whole.length; index += 1) {
    const code = whole.charCodeAt(index);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ code, 0x85ebca6b);
  }
  return `${whole.length.toString(36)}-${(one >>> 0).toString(36)}-${(two >>> 0).toString(36)}`;
}

/** Removes what this browser keeps of a draft, of whichever tab. */
export function forget(draft) {
  for (const key of Object.keys(storage())) {
    if (key.startsWith(`${PREFIX}.`) && key.slice(PREFIX.length + 1).split('.')[1] === String(draft)) remove(key);
  }
}

export class Journal {
  #writer;
  #tab;

  constructor(writer, tab) {
    this.#writer = writer;
    this.#tab = tab;
  }

  /** Keeps a draft's content; false if this browser refuses (storage full or forbidden). */
  write(draft, content, known, base) {
    const entry = { content, known, at: Date.now() };
    return this.#put(draft, { ...entry, base }) || this.#put(draft, entry); // in little room at least the content
  }

  #put(draft, entry) {
    try {
      localStorage.setItem(this.#key(draft, this.#tab.id), JSON.stringify(entry));
      return true;
    } catch {
      return false;
    }
  }

  clear(draft) {
    remove(this.#key(draft, this.#tab.id));
  }

  /** Entries of a draft that nobody looks after any more: of this tab before its reload, of tabs that are gone. */
  async left(draft) {
    const start = this.#key(draft, '');
    const found = [];
    for (const key of Object.keys(storage())) {
      if (!key.startsWith(start) || (await this.#tab.isOther(key.slice(start.length)))) continue;
      const entry = parse(localStorage.getItem(key));
      if (entry) found.push({ key, ...entry });
    }
    return found.sort((a, b) => b.at - a.at);
  }

  remove(key) {
    remove(key);
  }

  #key(draft, tab) {
    return `${PREFIX}.${this.#writer}.${draft}.${tab}`;
  }
}

function remove(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // what could not be kept cannot be removed either
  }
}

function storage() {
  try {
    return localStorage;
  } catch {
    return {};
  }
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

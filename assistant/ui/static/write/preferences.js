/**
 * What a writer set for this browser: how suggestions come, which keys do what.
 *
 * Like the choice of light or dark it belongs to the machine and its keyboard, so the browser keeps it, by writer.
 */

const PREFIX = 'ownhand.write';

export class Preferences {
  #key;
  #values;

  constructor(writer) {
    this.#key = `${PREFIX}.${writer}`;
    this.#values = read(this.#key);
  }

  get(name) {
    return this.#values[name];
  }

  set(name, value) {
    this.#values = { ...this.#values, ...read(this.#key), [name]: value }; // another tab may have set something else
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#values));
    } catch {
      // storage is full or forbidden: the choice lasts as long as the page
    }
  }
}

function read(key) {
  try {
    const values = JSON.parse(localStorage.getItem(key));
    return values && typeof values === 'object' ? values : {};
  } catch {
    return {};
  }
}

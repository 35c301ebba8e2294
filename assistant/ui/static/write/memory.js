/** “How much of me”: how far suggestions follow the wording of the voice; kept per draft, with a default per voice. */

const LONGEST_COPY = 8; // words in a row from one document, unless the writer allows more
const FULL = 100;

export class MemoryChoice {
  #root;
  #on;
  #voice = null;
  #own = null;

  /** `on`: draft(use) keeps a choice for the open draft, voice(use) for all drafts of its voice. */
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
    this.#listen();
  }

  /** What a request for a suggestion says. */
  get wanted() {
    const { strength, quotes_at_length: quotes } = this.#use;
    return { memory_strength: strength, longest_copy: quotes ? null : LONGEST_COPY };
  }

  get isOpen() {
    return !this.#part('.memory-panel').hidden;
  }

  /** `voice` is the draft's, null if it has none; `own` what this draft wants, null for what the voice has. */
  show(voice, own) {
    this.#voice = voice;
    this.#own = own;
    this.#root.hidden = voice === null;
    if (voice === null) this.close();
    this.#draw();
  }

  toggle() {
    if (this.isOpen) return this.close();
    this.#part('.memory-panel').hidden = false;
    this.#part('[data-action="memory"]').setAttribute('aria-expanded', 'true');
    return this.#part('[type="range"]').focus();
  }

  close() {
    if (this.#part('.memory-panel').contains(document.activeElement)) this.#part('[data-action="memory"]').focus();
    this.#part('.memory-panel').hidden = true;
    this.#part('[data-action="memory"]').setAttribute('aria-expanded', 'false');
  }

  /** All drafts of the voice shall have what this one has. */
  keepForAll() {
    const use = this.#use;
    this.#voice.memory_use = use;
    this.#own = null;
    this.#part('[type="range"]').focus(); // the button goes
    this.#draw();
    this.#on.voice(use);
  }

  get #use() {
    return this.#own ?? this.#voice?.memory_use ?? { strength: 1, quotes_at_length: false };
  }

  #draw() {
    const { strength, quotes_at_length: quotes } = this.#use;
    const percent = Math.round(strength * FULL);
    const range = this.#part('[type="range"]');
    range.value = percent;
    range.setAttribute('aria-valuetext', words(percent));
    range.style.setProperty('--share', strength);
    this.#part('.memory-strength').textContent = words(percent);
    this.#part('[type="checkbox"]').checked = quotes;
    const isOwn = this.#own !== null;
    this.#part('.memory-whose span').textContent = isOwn ? 'For this draft.' : 'For every draft in this voice.';
    this.#part('[data-action="memory-for-all"]').hidden = !isOwn;
    this.#part('[data-action="memory-for-all"]').textContent = `Use it for all in ${this.#voice?.name}`;
  }

  #changed() {
    this.#own = {
      strength: Number(this.#part('[type="range"]').value) / FULL,
      quotes_at_length: this.#part('[type="checkbox"]').checked,
    };
    this.#draw();
  }

  #listen() {
    const panel = this.#part('.memory-panel');
    panel.addEventListener('input', () => this.#changed()); // while the slider moves
    panel.addEventListener('change', () => this.#on.draft(this.#own));
    this.#root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.isOpen) return;
      event.stopPropagation(); // a suggestion on offer stays
      this.close();
    });
    document.addEventListener('pointerdown', ({ target }) => {
      if (this.isOpen && !this.#root.contains(target)) this.close();
    });
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }
}

function words(percent) {
  if (percent === 0) return 'off';
  return percent === FULL ? 'full' : `${percent} %`;
}

/** Whether suggestions come by themselves: off, when the model is sure, always; and a pause for now. */

const WORDS = { off: 'off', sure: 'when sure', always: 'always' };

export class GhostChoice {
  #root;
  #automatic;
  #say;

  /** `say(sentence)` for screen readers. */
  constructor(root, automatic, say) {
    this.#root = root;
    this.#automatic = automatic;
    this.#say = say;
    this.#listen();
    this.#draw();
  }

  get isOpen() {
    return !this.#part('.ghost-panel').hidden;
  }

  toggle() {
    if (this.isOpen) return this.close();
    this.#part('.ghost-panel').hidden = false;
    this.#opener.setAttribute('aria-expanded', 'true');
    return this.#part('[type="radio"]:checked').focus();
  }

  close() {
    if (this.#part('.ghost-panel').contains(document.activeElement)) this.#opener.focus();
    this.#part('.ghost-panel').hidden = true;
    this.#opener.setAttribute('aria-expanded', 'false');
  }

  /** Pauses for now, or resumes; a reload resumes too. */
  togglePause() {
    this.#automatic.isPaused = !this.#automatic.isPaused;
    this.#automatic.cancel();
    this.#draw();
    this.#say(this.#automatic.isPaused ? 'Suggestions by themselves are paused.' : 'Suggestions come by themselves again.');
  }

  get #opener() {
    return this.#part('[data-action="ghosts"]');
  }

  #draw() {
    const { mode, isPaused } = this.#automatic;
    this.#part('.ghost-mode').textContent = isPaused && mode !== 'off' ? 'paused' : WORDS[mode];
    this.#part(`[type="radio"][value="${mode}"]`).checked = true;
    const pause = this.#part('[data-action="pause"]');
    pause.disabled = mode === 'off';
    pause.setAttribute('aria-pressed', String(isPaused));
    this.#part('.pause-label').textContent = isPaused ? 'Resume' : 'Pause for now';
  }

  #listen() {
    this.#part('.ghost-panel').addEventListener('change', ({ target }) => {
      this.#automatic.mode = target.value;
      this.#automatic.isPaused = false;
      this.#draw();
    });
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

/** “Voice strength”: how far suggestions go towards what all of a voice's documents make of it, where the model can. */

const FULL = 100;

export class VoiceStrength {
  #root;
  #voice = null;
  #own = null;
  #hasPlug = false;

  /** Lives in the panel of “How much of me”. */
  constructor(root) {
    this.#root = root;
  }

  /** What the server says of the model in use; without a plug one line stands where the slider would. */
  set model({ has_plug: hasPlug, trouble }) {
    this.#hasPlug = hasPlug;
    this.#part('.voice-strength-choice').hidden = !hasPlug;
    const none = this.#part('.voice-strength-none');
    none.hidden = hasPlug;
    none.textContent = trouble
      ? `Voice strength is off: ${trouble}.`
      : 'The model in use has no persona, so there is no voice strength to choose.';
  }

  /** `own` is what the open draft wants, null for what its voice has. */
  show(voice, own) {
    this.#voice = voice;
    this.#own = own;
    this.#draw();
  }

  get value() {
    return this.#own ?? this.#voice?.voice_strength ?? 1;
  }

  get own() {
    return this.#own;
  }

  /** Whether the open draft has one of its own that counts for something. */
  get isOwn() {
    return this.#hasPlug && this.#own !== null;
  }

  /** What stands beside the other strength on the button; nothing where the usual needs no words. */
  get summary() {
    return this.#hasPlug && this.value < 1 ? `, voice ${words(this.#percent)}` : '';
  }

  /** The slider was moved. */
  take() {
    this.#own = Number(this.#range.value) / FULL;
    this.#draw();
  }

  /** All drafts of the voice shall have what this one has; returns that. */
  giveToAll() {
    this.#voice.voice_strength = this.value;
    this.#own = null;
    this.#draw();
    return this.value;
  }

  has(element) {
    return element === this.#range;
  }

  #draw() {
    this.#range.value = this.#percent;
    this.#range.setAttribute('aria-valuetext', words(this.#percent));
    this.#range.style.setProperty('--share', this.value);
  }

  get #percent() {
    return Math.round(this.value * FULL);
  }

  get #range() {
    return this.#part('.voice-strength-range');
  }

  #part(selector) {
    return this.#root.querySelector(selector);
  }
}

/** A strength as people say it. */
export function words(percent) {
  if (percent === 0) return 'off';
  return percent === FULL ? 'full' : `${percent} %`;
}

/**
 * Which keys do what on the Write page. A chord is written as its keys in a fixed order: "Ctrl+Alt+Shift+Enter"; the
 * command key of a Mac counts as Ctrl.
 */

/** Every command with its usual chord and what it does, in the order of the panel. */
export const COMMANDS = [
  { name: 'suggest', chord: 'Ctrl+Enter', does: 'Ask for a suggestion; again for another' },
  { name: 'accept', chord: 'Tab', does: 'Accept the suggestion' },
  { name: 'word', chord: 'Ctrl+ArrowRight', does: 'Accept its next word' },
  { name: 'dismiss', chord: 'Escape', does: 'Stop or dismiss it' },
  { name: 'next', chord: 'Alt+BracketRight', does: 'Another suggestion, up to four' },
  { name: 'previous', chord: 'Alt+BracketLeft', does: 'The suggestion before' },
  { name: 'recall', chord: 'Alt+ArrowDown', does: 'See where its next underlined word comes from' },
  { name: 'recall-back', chord: 'Alt+ArrowUp', does: 'The underlined word before' },
  { name: 'continue', chord: 'Ctrl+Shift+Enter', does: 'Longer ways to go on, side by side' },
  { name: 'rewrite', chord: 'Alt+KeyR', does: 'Rewrite what is selected, or the paragraph' },
  { name: 'pause', chord: 'Alt+KeyP', does: 'Pause suggestions that come by themselves, or resume them' },
];

const SIGNS = {
  ArrowRight: '→',
  ArrowLeft: '←',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  BracketRight: ']',
  BracketLeft: '[',
  Backquote: '`',
  Backslash: '\\',
  Semicolon: ';',
  Quote: "'",
  Comma: ',',
  Period: '.',
  Slash: '/',
  Minus: '-',
  Equal: '=',
};
// On many keyboards these are on other keys, with Alt or AltGr.
const BRACKETS = { ']': 'BracketRight', '[': 'BracketLeft' };
const MODIFIER_KEYS = ['Control', 'Alt', 'Shift', 'Meta', 'AltGraph', 'CapsLock', 'Dead', 'Unidentified', 'Process'];
// What every text field or browser does with these would be missed more than a command of ours.
const TAKEN = {
  'Ctrl+KeyA': 'selects everything',
  'Ctrl+KeyC': 'copies',
  'Ctrl+KeyV': 'pastes',
  'Ctrl+KeyX': 'cuts',
  'Ctrl+KeyZ': 'undoes',
  'Ctrl+Shift+KeyZ': 'redoes',
  'Ctrl+KeyY': 'redoes',
  'Ctrl+KeyF': 'searches the page',
  'Ctrl+KeyL': 'goes to the address',
  'Ctrl+KeyN': 'opens a window',
  'Ctrl+KeyP': 'prints',
  'Ctrl+KeyR': 'loads the page again',
  'Ctrl+KeyT': 'opens a tab',
  'Ctrl+KeyW': 'closes the tab',
  'Shift+Tab': 'goes to the field before',
};
// Keys that may stand alone: they write nothing, and nobody moves about in a text with them.
const ALONE = /^(Tab|Escape|F\d+)$/;

/** The chord of a keydown; null while only modifiers are held. */
export function chordOf(event) {
  if (MODIFIER_KEYS.includes(event.key)) return null;
  const bracket = BRACKETS[event.key];
  if (bracket && event.getModifierState?.('AltGraph')) return `Alt+${bracket}`;
  const letter = /^[a-z]$/i.test(event.key) ? `Key${event.key.toUpperCase()}` : null; // where this keyboard has it
  const held = [event.ctrlKey || event.metaKey ? 'Ctrl' : '', event.altKey ? 'Alt' : '', event.shiftKey ? 'Shift' : ''];
  return [...held, letter ?? bracket ?? (event.code || event.key).replace(/^Numpad(?=Enter)/, '')].filter(Boolean).join('+');
}

/** A chord as it is drawn: "Ctrl →". */
export function signs(chord) {
  return chord.split('+').map((key) => SIGNS[key] ?? key.replace(/^(Key|Digit)(?=.$)/, '')).join(' ');
}

/** The chords in force. */
export class Keys {
  #preferences;

  constructor(preferences) {
    this.#preferences = preferences;
  }

  chord(name) {
    return this.#changed[name] ?? COMMANDS.find((command) => command.name === name).chord;
  }

  signs(name) {
    return signs(this.chord(name));
  }

  /** The command of a keydown; undefined if there is none. */
  command(event) {
    const chord = chordOf(event);
    return chord ? COMMANDS.find(({ name }) => this.chord(name) === chord)?.name : undefined;
  }

  /** Why a command cannot have this chord; "" if it can. */
  refusal(name, chord) {
    const other = COMMANDS.find((command) => command.name !== name && this.chord(command.name) === chord);
    if (other) return `${signs(chord)} is taken: “${other.does}”. Choose other keys, or change that one first.`;
    if (TAKEN[chord]) return `${signs(chord)} ${TAKEN[chord]}, here as everywhere. Choose other keys.`;
    const key = chord.split('+').at(-1);
    const isBare = !/^(Ctrl|Alt)\+/.test(chord);
    if (isBare && !ALONE.test(key)) return `${signs(chord)} alone is for writing. Hold Ctrl or Alt with it.`;
    return '';
  }

  /** Gives a command another chord. */
  change(name, chord) {
    this.#preferences.set('keys', { ...this.#changed, [name]: chord });
  }

  /** Gives every command its usual chord back. */
  reset() {
    this.#preferences.set('keys', {});
  }

  get #changed() {
    return this.#preferences.get('keys') ?? {};
  }
}

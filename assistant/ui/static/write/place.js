/** The place of the cursor: what a suggestion is asked for, and whether one may appear there by itself. */

// Of a long draft the end before the cursor is sent, and the beginning after it: the model reads no more. What is left
// out grows in steps, so that what the model has read of the draft stays its beginning while the writer types.
const BEFORE = 8000;
const STEP = 4000;
const AFTER = 2000;

const LETTER_AT_END = /[\p{L}\p{N}\p{M}]$/u;
const LETTER_AT_START = /^[\p{L}\p{N}]/u;
// What belongs to the character before it: a combining mark, a joiner, a variation selector, a skin tone.
const GOES_ON = /^[\p{M}\p{Emoji_Modifier}\u200d\ufe0e\ufe0f]/u;
const JOINER_AT_END = /\u200d$/u;
const SENTENCE_END = /[.!?…]["'”’)\]]*\s+|\n/g;

/** What stands around a place of a text, as much as a suggestion needs. */
export function around(text, caret) {
  const cut = Math.max(0, Math.floor((caret - BEFORE) / STEP) * STEP);
  return { before: text.slice(whole(text, cut), caret), after: text.slice(caret, whole(text, caret + AFTER)) };
}

/** Whether no character is cut between these texts, however many code points a reader takes for one. */
export function isBorder(before, after) {
  return !GOES_ON.test(after) && !JOINER_AT_END.test(before);
}

/** Whether a ghost may appear between these texts by itself: there is something to go on from, and no word is cut. */
export function mayStand(before, after) {
  if (!before.trim() || !isBorder(before, after)) return false;
  return !(LETTER_AT_END.test(before) && LETTER_AT_START.test(after));
}

/** The text up to the sentence that the cursor is in. */
export function untilSentence(before) {
  const last = [...before.matchAll(SENTENCE_END)].at(-1);
  return last ? before.slice(0, last.index + last[0].length) : '';
}

/** A place that does not cut a character which takes two units. */
function whole(text, place) {
  const code = text.charCodeAt(place);
  return code >= 0xdc00 && code <= 0xdfff ? place + 1 : place;
}

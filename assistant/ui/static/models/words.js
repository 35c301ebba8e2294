/** Sizes, times and speeds in words. */

import { count } from '../library/dom.js';

const READING = 4; // words a second that people read

/** "270 MB", "1.2 GB". */
export function size(bytes) {
  const gigabytes = bytes / 1e9;
  return gigabytes < 1 ? `${Math.round(bytes / 1e6)} MB` : `${gigabytes.toFixed(gigabytes < 10 ? 1 : 0)} GB`;
}

/** "16 million", "1.7 billion". */
export function parameters(number) {
  return number < 1e9 ? `${Math.round(number / 1e6)} million` : `${(number / 1e9).toFixed(1)} billion`;
}

/** How fast it would write here: an estimate, so in round numbers. */
export function speed(wordsPerSecond, secondsToFirstWord) {
  const words = wordsPerSecond < 1 ? 'less than 1 word a second' : `about ${count(rounded(wordsPerSecond), 'word')} a second`;
  const wait = secondsToFirstWord < 1 ? 'within a second' : `after about ${duration(secondsToFirstWord)}`;
  return `first word ${wait}, then ${words}${wordsPerSecond < READING ? ', slower than you read' : ''}`;
}

const REWRITES = { voice: 'in your voice', shorter: 'shorter', longer: 'longer', plainer: 'plainer' };

/** Which rewrites its check says it is good enough for; null: there was no check. */
export function rewriting(kinds) {
  if (kinds === null) return 'Rewriting what you select: not checked yet.';
  if (!kinds.length) return 'Rewriting what you select: checked, and not good enough.';
  return `Rewriting what you select: ${kinds.map((kind) => REWRITES[kind]).join(', ')}.`;
}

function duration(seconds) {
  return seconds < 90 ? count(rounded(seconds), 'second') : count(Math.round(seconds / 60), 'minute');
}

function rounded(number) {
  const step = number < 10 ? 1 : number < 50 ? 5 : 10;
  return Math.max(1, Math.round(number / step) * step);
}

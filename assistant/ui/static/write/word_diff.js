/** Where two texts differ, in words: what stays, and changes that can be taken one by one. */

const PIECE = /\n|[^\S\n]+|[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}]/gu;
const BLANK = /^[^\S\n]+$/;
const WORD = /[\p{L}\p{N}]/u;
const FEWEST_BETWEEN = 2; // words; with fewer between them two changes are read, and taken, as one

/**
 * The hunks of a change: `{ before, after }` with `before === after` where nothing changed. All `before` together are
 * the old text, all `after` the new one, but for spaces: those between words that stay are as they were. A hunk never
 * reaches over the end of a line that stays.
 */
export function hunksOf(before, after) {
  return merged(aligned(before.match(PIECE) ?? [], after.match(PIECE) ?? []));
}

export function isChange({ before, after }) {
  return before !== after;
}

/** What stays and what changed, in order, neighbours of a kind as one, by the longest common subsequence. */
function aligned(old, fresh) {
  const [oldMeanings, freshMeanings] = [old.map(meaning), fresh.map(meaning)];
  const lengths = commonLengths(oldMeanings, freshMeanings);
  const width = fresh.length + 1;
  const hunks = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && oldMeanings[i] === freshMeanings[j]) {
      add(hunks, old[i], old[i], true);
      i += 1;
      j += 1;
    } else if (j === fresh.length || (i < old.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      add(hunks, old[i++], '', false);
    } else {
      add(hunks, '', fresh[j++], false);
    }
  }
  return hunks;
}

/** Spaces are as good as each other. */
function meaning(piece) {
  return BLANK.test(piece) ? ' ' : piece;
}

/** For every pair of places, how many pieces the rests have in common, in order. */
function commonLengths(old, fresh) {
  const width = fresh.length + 1;
  const lengths = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        old[i] === fresh[j]
          ? lengths[(i + 1) * width + j + 1] + 1
          : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  return lengths;
}

function add(hunks, before, after, isSame) {
  const last = hunks.at(-1);
  if (last && last.isSame === isSame) {
    last.before += before;
    last.after += after;
  } else {
    hunks.push({ before, after, isSame });
  }
}

/** Changes with hardly anything between them become one. */
function merged(hunks) {
  const list = [];
  for (const [at, { before, after, isSame }] of hunks.entries()) {
    const isBetween = isSame && at > 0 && at < hunks.length - 1 && isNarrow(before);
    add(list, before, after, isSame && !isBetween);
  }
  return list.map(({ before, after }) => ({ before, after }));
}

function isNarrow(text) {
  return !text.includes('\n') && text.match(PIECE).filter((piece) => WORD.test(piece)).length < FEWEST_BETWEEN;
}

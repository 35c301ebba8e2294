/** How typical of the writer a text is, in words. */

/** The score as a short line and what it means. */
function scoreWords({ percentile, reason }) {
  if (percentile === null) return { text: `Sounds like you: ${reason}`, title: '' };
  return {
    text: `Sounds like you: ${percentile} of 100`,
    title:
      `Of your own passages of this length, ${percentile} in 100 are less like you than this: in their small words, ` +
      'their punctuation and the lengths of the others. What it says, or whether it is good, is not judged.',
  };
}

/** Shows a score in its place; without one the place is empty. */
export function showScore(place, score) {
  const { text, title } = score ? scoreWords(score) : { text: '', title: '' };
  place.textContent = text;
  place.title = title;
}

/** Numbers and times as people say them. */

const numbers = new Intl.NumberFormat('en');

export function number(value) {
  return numbers.format(value);
}

/** "1 document", "3 documents". */
export function count(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** "about 20 seconds left"; an estimate is rounded so that it does not flicker. */
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined) return 'estimating the time left';
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds left`;
  const minutes = Math.round(seconds / 60);
  return `about ${count(Math.max(1, minutes), 'minute')} left`;
}

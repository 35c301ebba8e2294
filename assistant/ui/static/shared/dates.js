/** Dates as people write them. Days come as "2021-03-12", moments with a time of day. */

const LONG = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const SHORT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

/** "12 March 2021". */
export function longDate(iso) {
  return LONG.format(new Date(`${iso}T00:00:00Z`));
}

/** "12 Mar 2021", or nothing for a document without a date. */
export function shortDate(iso) {
  return iso ? SHORT.format(new Date(`${iso}T00:00:00Z`)) : '';
}

const STEPS = [
  [60, 1, 'second'],
  [3600, 60, 'minute'],
  [86400, 3600, 'hour'],
  [7 * 86400, 86400, 'day'],
];

/** "5 minutes ago", "yesterday"; a date after a week. */
export function ago(iso) {
  const seconds = Math.max(0, (Date.now() - new Date(iso)) / 1000);
  if (seconds < 60) return 'just now';
  const step = STEPS.find(([limit]) => seconds < limit);
  if (!step) return longDate(iso.slice(0, 10));
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-Math.round(seconds / step[1]), step[2]);
}

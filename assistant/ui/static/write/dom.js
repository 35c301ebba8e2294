/** Elements without HTML strings: whatever text is put in stays text. */

/** An element with properties (attributes where a name has a dash or is `role`) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role') element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** "12 March 2021" for "2021-03-12". */
export function longDate(iso) {
  const [year, month, day] = iso.split('-').map(Number);
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }).format(new Date(year, month - 1, day));
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

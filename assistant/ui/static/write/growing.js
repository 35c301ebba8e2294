/** Fields that are as high as what stands in them. */

const GROWS_BY_ITSELF = CSS.supports('field-sizing', 'content');

/** Gives a field the height of its text, where the style sheet alone does not. */
export function fit(field) {
  if (GROWS_BY_ITSELF) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

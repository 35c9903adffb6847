const TEXT_MAX_CHARACTERS = 1024;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether a member is missing: in JSON also `null`, in CSV an empty field or one of spaces. */
export const isAbsent = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/** Whether a value is text that may be stored and shown. */
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= TEXT_MAX_CHARACTERS && !CONTROL.test(value);

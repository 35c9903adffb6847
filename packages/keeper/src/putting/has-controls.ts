/** Whether a text has control characters, or one half of a character: no header, no log line and no database can hold it. */
export const hasControls = (text: string): boolean => /[\p{Cc}\p{Cs}]/u.test(text);

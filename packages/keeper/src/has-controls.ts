/** Whether a text has control characters: no header and no log line can hold it. */
export const hasControls = (text: string): boolean => /\p{Cc}/u.test(text);

/** Text for a page of HTML. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Text with code in backticks. */
export const renderInline = (text: string): string =>
  escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** A paragraph, or a list where the lines begin with a dash. */
export const renderText = (text: string): string => {
  const lines = text.split('\n').map(renderInline);
  if (!text.startsWith('- ')) return `<p>${lines.join(' ')}</p>`;
  return `<ul>${lines.map((line) => `<li>${line.slice(2)}</li>`).join('')}</ul>`;
};

/**
 * What a script adds: a link is copied with one press, and the page stays fresh. Without it everything is there; the page is
 * then as it was when it was loaded.
 */
export const SCRIPT = `
const main = document.querySelector('main');
const show = () => {
  for (const button of document.querySelectorAll('[data-copy]')) button.hidden = false;
};
document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]');
  if (button === null) return;
  const input = document.getElementById(button.dataset.copy);
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    document.execCommand('copy');
  }
  button.textContent = 'Copied';
  setTimeout(() => (button.textContent = 'Copy'), 2000);
});
const isBusy = () => main.contains(document.activeElement) || String(getSelection()) !== '';
setInterval(async () => {
  if (document.hidden || isBusy()) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok || isBusy()) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const isOpen = main.querySelector('details')?.open === true;
    main.replaceChildren(...fresh.querySelector('main').childNodes);
    document.querySelector('.as-of').replaceWith(fresh.querySelector('.as-of'));
    document.title = fresh.title;
    if (isOpen) main.querySelector('details').open = true;
    show();
  } catch {}
}, 15000);
show();
`;

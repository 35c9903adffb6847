// What the owners' pages do better with a script. Every page works without it.

const { lang } = document.documentElement;

/** Writes every moment in the owner's time zone. The server, which does not know it, has written UTC. */
const STYLES = { day: { dateStyle: 'long' }, moment: { dateStyle: 'long', timeStyle: 'short' } };
for (const time of document.querySelectorAll('time[data-style]')) {
  const format = new Intl.DateTimeFormat(lang, STYLES[time.dataset.style]);
  time.textContent = format.format(new Date(time.dateTime));
}

/** Search, "select all" and a count, for a long list of vehicles. */
const helpToChoose = (tools) => {
  const search = tools.querySelector('.search');
  const all = tools.querySelector('.all');
  const none = document.querySelector('.none');
  const count = document.querySelector('.count');
  const rows = [...document.querySelectorAll('.choice')].map((label) => ({
    label,
    input: label.querySelector('input'),
    text: label.textContent.replace(/\s+/g, ' ').toLocaleLowerCase(lang),
  }));
  const found = () => rows.filter(({ label }) => !label.hidden);

  const show = () => {
    const isAll = found().length > 0 && found().every(({ input }) => input.checked);
    if (all !== null) all.textContent = isAll ? all.dataset.none : all.dataset.all;
    if (count !== null)
      count.textContent = count.dataset.text
        .replace('{count}', rows.filter(({ input }) => input.checked).length)
        .replace('{total}', rows.length);
  };

  search.addEventListener('input', () => {
    const words = search.value.toLocaleLowerCase(lang).split(/\s+/);
    for (const { label, text } of rows) label.hidden = !words.every((word) => text.includes(word));
    none.hidden = found().length > 0;
    show();
  });
  // Enter would send the form.
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') event.preventDefault();
  });
  all?.addEventListener('click', () => {
    const isAll = found().every(({ input }) => input.checked);
    for (const { input } of found()) input.checked = !isAll;
    show();
  });
  document.addEventListener('change', show);
  tools.hidden = false;
  show();
};
for (const tools of document.querySelectorAll('.tools')) helpToChoose(tools);

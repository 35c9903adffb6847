/** The style of the page that shows the endpoints. On a narrow screen the contents come first, on a wide one they stay beside the text. */
export const API_STYLE = `
:root {
  color-scheme: light dark;
  --text: #1c2430; --muted: #5a6676; --line: #d9dfe7; --panel: #f5f7fa; --link: #0b57c2;
  --get: #0b6e4f; --post: #0b57c2; --delete: #b3261e; --good: #0b6e4f; --moved: #6b4fa0; --fault: #9a4b00; --outage: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e9f0; --muted: #9aa7b8; --line: #333d4b; --panel: #1a2029; --link: #8ab8ff;
    --get: #6fd3ad; --post: #8ab8ff; --delete: #ff9d94; --good: #6fd3ad; --moved: #c3adf0; --fault: #f0b56b; --outage: #ff9d94;
  }
  body { background: #11151b; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--text); margin: 0; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: 0.875em; overflow-wrap: anywhere; }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; }
main { max-width: 52rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
nav { padding: 1rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--panel); }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0; }
nav li a { display: block; padding: 0.3rem 0; color: var(--text); }
nav h2 { font-size: 0.8rem; letter-spacing: 0.04em; text-transform: uppercase; color: var(--muted); margin: 1rem 0 0.25rem; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0.5rem 0 1rem; }
nav li code { font-size: 0.8125rem; }
main h2 { font-size: 1.4rem; margin: 3rem 0 0.5rem; }
h3 { font-size: 1.05rem; margin: 0 0 0.25rem; }
h4 { font-size: 0.8rem; letter-spacing: 0.04em; text-transform: uppercase; color: var(--muted); margin: 1.5rem 0 0.25rem; }
h4 code { text-transform: none; letter-spacing: 0; }
h5 { font-size: 0.95rem; margin: 1rem 0 0.25rem; }
article { border-top: 1px solid var(--line); padding: 1.5rem 0; }
.GET { color: var(--get); } .POST { color: var(--post); } .DELETE { color: var(--delete); }
.about { margin: 0.25rem 0 0; color: var(--muted); }
.fields { margin: 0; padding: 0; list-style: none; }
.fields li { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
.fields li > code:first-child { font-weight: 600; margin-right: 0.5rem; }
.fields p { margin: 0.1rem 0 0; }
.value { color: var(--muted); font-size: 0.9rem; }
.required { font-size: 0.75rem; color: var(--fault); border: 1px solid; border-radius: 1rem; padding: 0 0.5rem; margin-left: 0.35rem; }
details { border-bottom: 1px solid var(--line); padding: 0.4rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.status { font-weight: 700; margin-right: 0.35rem; }
.s2 { color: var(--good); } .s3 { color: var(--moved); } .s4 { color: var(--fault); } .s5 { color: var(--outage); }
details > div { padding: 0.25rem 0 0.5rem 1rem; }
details ul { margin: 0.25rem 0; padding-left: 1.1rem; }
@media (min-width: 64rem) {
  body { display: grid; grid-template-columns: 21rem minmax(0, 1fr); }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; border: 0; border-right: 1px solid var(--line); }
  nav li a { padding: 0.1rem 0; font-size: 0.875rem; }
  main > p:first-child { margin-top: 0; }
  main { margin: 0; padding: 2rem 3rem 6rem; }
}
`;

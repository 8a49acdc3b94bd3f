/** The style sheet of the page of events: light or dark like the reader's system, for wide and narrow windows. */
export const EVENTS_STYLE = `:root {
  color-scheme: light dark;
  --text: #1b2530; --faint: #55626f; --back: #ffffff; --raised: #f4f6f8; --line: #d5dce3; --link: #0b57b0;
}
@media (prefers-color-scheme: dark) {
  :root { --text: #e3e8ee; --faint: #a3b0bd; --back: #14191f; --raised: #1d242c; --line: #37424e; --link: #86b9f5; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--back); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 56rem; padding: 1rem clamp(1rem, 4vw, 3rem) 4rem; }
a { color: var(--link); }
code, pre { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: 0.9em; }
code { overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h1 small { color: var(--faint); font-size: 0.9rem; font-weight: normal; }
h2 { margin-top: 3rem; padding-bottom: 0.3rem; border-bottom: 2px solid var(--line); }
h3 { margin: 0 0 0.5rem; font-size: 1.15rem; }
section { margin-top: 2.2rem; }
.links a { margin-right: 1.2rem; }
.note, .type { color: var(--faint); font-size: 0.88rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; margin: 0.6rem 0 1rem; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; margin: 1rem 0; border-collapse: collapse; table-layout: fixed; }
caption { padding: 0.2rem 0; color: var(--faint); font-size: 0.88rem; text-align: left; }
th, td { padding: 0.4rem 0.6rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { background: var(--raised); font-size: 0.88rem; }
thead th:first-child { width: 38%; }
tbody th { font-weight: normal; }
.type { display: block; }
summary { cursor: pointer; }
pre { margin: 0.6rem 0; padding: 0.8rem; overflow-x: auto; background: var(--raised); border: 1px solid var(--line); border-radius: 4px; }
nav { padding: 1rem clamp(1rem, 4vw, 3rem); background: var(--raised); border-bottom: 1px solid var(--line); font-size: 0.92rem; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav ul ul { display: flex; flex-wrap: wrap; gap: 0 0.8rem; padding-left: 1rem; }
@media (max-width: 30rem) { thead th:first-child { width: 46%; } }
@media (min-width: 64rem) {
  body { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem; border-right: 1px solid var(--line); border-bottom: 0; }
  nav ul ul { display: block; margin-bottom: 0.6rem; }
}
@media print { nav { display: none; } }
`;

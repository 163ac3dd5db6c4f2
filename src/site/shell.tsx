import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { Published, type PublishedRow } from '../http/published.js';
import type { PublicPicture } from '../media/picture.js';
import { LANGS, dirOf, type Lang } from '../text/language.js';
import { phraseIn, type Wording } from '../text/wording.js';

/** What every reader page has around its content. */
interface ShellOptions {
  readonly lang: Lang;
  readonly title: string;
  /** The center's name. */
  readonly center: Wording;
  /** The center's language. */
  readonly home: Lang;
  readonly children: ComponentChildren;
  /** Where the page is for everybody: its one address, which those who list pages are to know it by. */
  readonly canonical?: string;
  /** What those who show a link to the page may show beside it. */
  readonly image?: PublicPicture | null;
  /** Parameters of the page that stay when its language is changed: `r=3`. */
  readonly parameters?: string;
}

/** Each language's name in itself. */
export const LANGUAGE_NAMES: Readonly<Record<Lang, string>> = { ar: 'العربية', en: 'English', fr: 'Français' };

const LANGUAGES: Readonly<Record<Lang, string>> = { ar: 'لغة الصفحة', en: 'Language of this page', fr: 'Langue de cette page' };

// Logical properties throughout: the page is laid out from the side its language begins at.
const STYLE = `
:root { color-scheme: light dark; --ink: #1c2733; --quiet: #55626f; --paper: #fff; --ground: #eef1f3; --line: #d5dce1; --accent: #0b5c56; --on-accent: #fff; --tint: #f3f6f6; --warn: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebef; --quiet: #a5b1bc; --paper: #18212a; --ground: #0f161d; --line: #33414d; --accent: #5fc4ba; --on-accent: #08211f; --tint: #1f2a34; --warn: #f2887f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.75 'Segoe UI', Tahoma, Arial, 'Noto Sans Arabic', 'Noto Sans', sans-serif; }
header, footer, main { width: 100%; max-width: 42rem; margin-inline: auto; padding-inline: 1.25rem; }
header { padding-block: 1.25rem; font-size: 1.125rem; font-weight: 700; }
header a { color: var(--accent); text-decoration: none; }
header a:hover { text-decoration: underline; }
main { flex: 1; }
.sheet { padding: 1.5rem 1.75rem 1.75rem; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.45; }
h2 { margin: 0; font-size: 1.125rem; line-height: 1.6; }
p { margin: 0 0 1rem; }
.sheet > :last-child, .asked > :last-child { margin-bottom: 0; }
.sheet > :first-child, article > :first-child { margin-top: 0; }
.asked { margin: 1.25rem 0; padding: 1rem 1.25rem; background: var(--tint); border-inline-start: 4px solid var(--accent); border-radius: .25rem; }
.asked h2 { margin-bottom: .5rem; }
.asked ul { margin: 0; padding: 0; list-style: none; }
.asked li { padding-inline-start: 1.75rem; position: relative; }
.asked li::before { content: '✓'; position: absolute; inset-inline-start: 0; color: var(--accent); font-weight: 700; }
.kicker { margin-bottom: .25rem; color: var(--accent); font-weight: 700; font-size: .9375rem; }
.byline { margin-bottom: .25rem; font-weight: 700; }
.summary { font-size: 1.1875rem; color: var(--quiet); }
.notice { margin: 1.25rem 0; padding: 1rem 1.25rem; background: var(--tint); border: 1px solid var(--line); border-inline-start: 4px solid var(--warn); border-radius: .25rem; }
.notice h2 { margin-bottom: .25rem; font-size: 1.0625rem; }
.notice p { margin-bottom: .5rem; }
.notice > :last-child { margin-bottom: 0; }
.text { margin-block: 1.5rem; }
.text h2, .text h3, .text h4 { margin: 2rem 0 .5rem; }
.text h3, .text h4 { font-size: 1.0625rem; }
.text a, .sheet p a { color: var(--accent); }
.text blockquote { margin: 1.25rem 0; padding-inline-start: 1.25rem; border-inline-start: 4px solid var(--line); }
.text table { border-collapse: collapse; display: block; overflow-x: auto; }
.text th, .text td { padding: .25rem .75rem; border: 1px solid var(--line); text-align: start; }
.text pre { overflow-x: auto; }
figure { margin: 1.5rem 0; }
figure img { display: block; max-width: 100%; height: auto; margin-inline: auto; border-radius: .25rem; }
figcaption { margin-top: .5rem; font-size: .9375rem; line-height: 1.6; color: var(--quiet); }
figcaption small { display: block; font-size: .875rem; }
.byline img { width: 2.5rem; height: 2.5rem; margin-inline-end: .5rem; border-radius: 50%; object-fit: cover; vertical-align: middle; }
.sharing { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.sharing ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
.sharing a { color: var(--accent); }
.fields fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; }
.fields legend { padding: 0; margin-bottom: .5rem; font-size: 1.125rem; font-weight: 700; }
.fields label { display: block; font-weight: 700; }
.fields .field { margin-bottom: 1rem; }
.fields .field p { margin: 0; }
.fields .wrong { color: var(--warn); font-size: .9375rem; }
.fields input, .fields select { width: 100%; min-height: 2.75rem; padding: .375rem .75rem; font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--quiet); border-radius: .375rem; }
.fields input[aria-invalid] { border-color: var(--warn); border-width: 2px; }
.notice ul { margin: 0; padding-inline-start: 1.25rem; }
.notice a { color: var(--accent); }
button { min-height: 3rem; padding: .5rem 2rem; font: inherit; font-weight: 700; color: var(--on-accent); background: var(--accent); border: 0; border-radius: .375rem; cursor: pointer; }
form { margin: 0 0 1rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); font-size: .9375rem; }
footer { padding-block: 1.25rem 2rem; font-size: .9375rem; }
footer ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
footer a { color: var(--quiet); }
@media (max-width: 30rem) { .sheet { padding: 1.25rem; } button { width: 100%; } }
`;

/** Only this page's own style, this center's pictures, and forms to it alone. */
const POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The whole page, around `children`. */
export function shell({ lang, title, center, home, children, canonical, image, parameters }: ShellOptions): string {
  const name = phraseIn(center, lang, home)!;
  return `<!doctype html>${renderToString(
    <html lang={lang} dir={dirOf(lang)}>
      <head>
        <meta charset="utf-8" />
        <title>{`${title} · ${name.text}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {canonical === undefined ? <meta name="robots" content="noindex" /> : <link rel="canonical" href={canonical} />}
        {image && <meta property="og:image" content={image.url} />}
        {image?.alt && <meta property="og:image:alt" content={image.alt} />}
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <header>
          <a href="/" lang={name.lang} dir={dirOf(name.lang)}>
            {name.text}
          </a>
        </header>
        <main>
          <div class="sheet">{children}</div>
        </main>
        <footer>
          <nav aria-label={LANGUAGES[lang]}>
            <ul>
              {LANGS.filter((other) => other !== lang).map((other) => (
                <li>
                  <a
                    lang={other}
                    dir={dirOf(other)}
                    hreflang={other}
                    href={`?lang=${other}${parameters === undefined ? '' : `&${parameters}`}`}
                  >
                    {LANGUAGE_NAMES[other]}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
        </footer>
      </body>
    </html>,
  )}`;
}

// Not `no-referrer`: a browser would then send `Origin: null` with our own forms, as a stranger's does.
const FOR_EVERY_PAGE = { 'content-security-policy': POLICY, 'referrer-policy': 'same-origin' };

/** A page that everybody sees alike. @param row when what it shows last changed */
export function shownToAll(row: Pick<PublishedRow, 'modified' | 'settled'>, page: string): Published {
  return new Published({ body: page, modified: row.modified, settled: row.settled }, null, {
    type: 'text/html; charset=utf-8',
    headers: FOR_EVERY_PAGE,
  });
}

/** Headers of a page that is for one reader: nobody keeps it, nobody lists it. @returns the page */
export function shownToOne(reply: FastifyReply, page: string): string {
  void reply
    .headers({
      'cache-control': 'private, no-store',
      // Its address may hold a secret: `same-origin` tells it to no other site.
      ...FOR_EVERY_PAGE,
      'x-robots-tag': 'noindex',
    })
    .type('text/html; charset=utf-8');
  return page;
}

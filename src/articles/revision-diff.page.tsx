import { createHash } from 'node:crypto';
import type { JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { Personal } from '../http/published.js';
import { dirOf, type Lang } from '../text/language.js';
import type { ComparedField, ComparedFieldView, RevisionDiff } from './revision-diff.dto.js';

interface Words {
  readonly title: (from: number | null, to: number) => string;
  readonly same: string;
  readonly moved: string;
  readonly legend: string;
  readonly gone: string;
  readonly come: string;
  readonly fields: Readonly<Record<ComparedField, string>>;
}

const ARABIC: Words = {
  title: (from, to) => (from === null ? `الصيغة ${to}، ولا صيغة قبلها` : `من الصيغة ${from} إلى الصيغة ${to}`),
  same: 'لا فرق بين الصيغتين.',
  moved: 'نُقلت من موضعها',
  legend: 'دليل العلامات:',
  gone: 'حُذف',
  come: 'أُضيف',
  fields: {
    kicker: 'العنوان التمهيدي', title: 'العنوان', summary: 'الخلاصة', byline: 'الكتّاب', section: 'القسم', type: 'النوع', slug: 'الاسم المختصر',
    series: 'الملف', tags: 'الوسوم', cover: 'الغلاف', publisher: 'الناشر', references: 'المراجع', dateline: 'سطر التاريخ',
  }, // prettier-ignore
};
const ENGLISH: Words = {
  title: (from, to) => (from === null ? `Revision ${to}, with none before` : `From revision ${from} to revision ${to}`),
  same: 'The two revisions do not differ.',
  moved: 'moved',
  legend: 'Marks:',
  gone: 'taken out',
  come: 'put in',
  fields: {
    kicker: 'Kicker', title: 'Title', summary: 'Summary', byline: 'Byline', section: 'Section', type: 'Type', slug: 'Slug',
    series: 'Series', tags: 'Tags', cover: 'Cover', publisher: 'Publisher', references: 'References', dateline: 'Dateline',
  }, // prettier-ignore
};

// The marks are told by their line as well as by their colour.
const STYLE = `
:root { color-scheme: light dark; --ink: #1c2733; --quiet: #55626f; --paper: #fff; --ground: #eef1f3; --line: #d5dce1; --gone: #fbe3e1; --gone-ink: #8f1d16; --come: #dcf1e3; --come-ink: #0d5a2b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebef; --quiet: #a5b1bc; --paper: #18212a; --ground: #0f161d; --line: #33414d; --gone: #4a1f1d; --gone-ink: #ffb4ab; --come: #143d26; --come-ink: #9fe0b5; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1.25rem; background: var(--ground); color: var(--ink); font: 1.0625rem/1.75 'Segoe UI', Tahoma, Arial, 'Noto Sans Arabic', 'Noto Sans', sans-serif; }
main { max-width: 48rem; margin-inline: auto; padding: 1.5rem 1.75rem; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.5; }
.quiet { margin: 0 0 1.25rem; color: var(--quiet); font-size: .9375rem; }
dl { margin: 0 0 1.5rem; padding: 0 0 1rem; border-bottom: 1px solid var(--line); }
dt { margin-top: .75rem; color: var(--quiet); font-size: .9375rem; }
dd { margin: 0; white-space: pre-line; }
ins { background: var(--come); color: var(--come-ink); text-decoration: underline; text-underline-offset: .2em; }
del { background: var(--gone); color: var(--gone-ink); text-decoration: line-through; }
.text > .moved { border-inline-start: 4px solid var(--line); padding-inline-start: .75rem; }
.text img { max-width: 100%; height: auto; }
.text table { display: block; border-collapse: collapse; overflow-x: auto; }
.text th, .text td { padding: .25rem .75rem; border: 1px solid var(--line); text-align: start; }
.text blockquote { margin: 1rem 0; padding-inline-start: 1rem; border-inline-start: 4px solid var(--line); }
.text pre { overflow-x: auto; }
@media (max-width: 30rem) { body { padding: .5rem; } main { padding: 1rem; } }
`;

/** Its own style, and pictures of this center; nothing else. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "img-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A comparison as a page. @param lang of what stands around the text; French gets English */
export function revisionDiffPage(diff: RevisionDiff, lang: Lang): Personal {
  const page = lang === 'ar' ? 'ar' : 'en';
  const words = { ar: ARABIC, en: ENGLISH }[page];
  const title = words.title(diff.from, diff.to);
  const same = diff.fields.length === 0 && diff.body.every(({ op }) => op === 'equal');
  const body = renderToString(
    <html lang={page} dir={dirOf(page)}>
      <head>
        <meta charset="utf-8" />
        <title>{title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <main>
          <h1>{title}</h1>
          <p class="quiet">
            {same ? (
              words.same
            ) : (
              <>
                {words.legend} <del>{words.gone}</del> <ins>{words.come}</ins>
              </>
            )}
            {/* prettier-ignore */}
          </p>
          {diff.fields.length > 0 && (
            <dl lang={diff.lang} dir={dirOf(diff.lang)}>
              {diff.fields.map((field) => (
                <Field {...{ field, name: words.fields[field.field], lang: page }} />
              ))}
            </dl>
          )}
          <div class="text" lang={diff.lang} dir={dirOf(diff.lang)}>
            {diff.body.map(({ html, moved }) => (
              // Cleaned when it was saved; comparing adds ins and del, and nothing else.
              <div {...(moved && { class: 'moved', title: words.moved })} dangerouslySetInnerHTML={{ __html: html }} />
            ))}
          </div>
        </main>
      </body>
    </html>,
  );
  return new Personal(`<!doctype html>${body}`, {
    type: 'text/html; charset=utf-8',
    headers: { 'content-security-policy': POLICY, 'x-robots-tag': 'noindex' },
  });
}

function Field({ field: { words }, name, lang }: { field: ComparedFieldView; name: string; lang: Lang }): JSX.Element {
  return (
    <>
      <dt lang={lang} dir={dirOf(lang)}>
        {name}
      </dt>
      <dd>
        {words.map(({ op, text }) => {
          if (op === 'equal') return text;
          return op === 'insert' ? <ins>{text}</ins> : <del>{text}</del>;
        })}
      </dd>
    </>
  );
}

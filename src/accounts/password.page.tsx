import { createHash } from 'node:crypto';
import type { JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { dirOf } from '../text/language.js';
import { PASSWORD_LENGTH } from './passwords.js';

/** The languages the page is written in. */
type PageLang = 'ar' | 'en';

const WORDS = {
  ar: {
    title: 'كلمة السر',
    hint: `${PASSWORD_LENGTH.min} حرفًا على الأقل، من أي نوع. أربع كلمات متفرقة تكفي.`,
    password: 'كلمة السر الجديدة',
    again: 'مرة أخرى',
    save: 'حفظ',
    differ: 'الكلمتان مختلفتان.',
    unreachable: 'تعذّر الاتصال بالموقع. حاول مرة أخرى.',
    done: 'حُفظت كلمة السر. يمكنك تسجيل الدخول الآن.',
    noToken: 'افتح هذه الصفحة من الرابط الذي وصلك بالبريد.',
    noScript: 'تحتاج هذه الصفحة إلى JavaScript.',
    other: { lang: 'en', name: 'English' },
  },
  en: {
    title: 'Password',
    hint: `At least ${PASSWORD_LENGTH.min} characters of any kind. Four unrelated words will do.`,
    password: 'New password',
    again: 'Once more',
    save: 'Save',
    differ: 'The two are not the same.',
    unreachable: 'The site cannot be reached. Try again.',
    done: 'Your password is saved. You can sign in now.',
    noToken: 'Open this page from the link in your mail.',
    noScript: 'This page needs JavaScript.',
    other: { lang: 'ar', name: 'العربية' },
  },
} as const;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2733; --quiet: #5b6875; --paper: #fff; --ground: #eef1f3; --line: #8a97a3; --accent: #0b5c56; --on-accent: #fff; --fault: #a11b1b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebef; --quiet: #a5b1bc; --paper: #18212a; --ground: #0f161d; --line: #6b7985; --accent: #5fc4ba; --on-accent: #08211f; --fault: #ff9d94; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.7 'Segoe UI', Tahoma, Arial, 'Noto Sans Arabic', sans-serif; }
main { width: 100%; max-width: 26rem; padding: 1.5rem 1.75rem; background: var(--paper); border-radius: .5rem; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.4; }
p { margin: 0 0 1rem; }
label { display: block; margin-bottom: 1rem; font-weight: 600; }
input { display: block; width: 100%; margin-top: .25rem; padding: .6rem .75rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .375rem; }
button { width: 100%; padding: .65rem 1rem; font: inherit; font-weight: 700; color: var(--on-accent); background: var(--accent); border: 0;
  border-radius: .375rem; cursor: pointer; }
button:disabled { opacity: .6; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); }
#refusal { color: var(--fault); font-weight: 600; }
nav { margin-top: 1.25rem; font-size: .9375rem; }
nav a { color: var(--accent); }
`;

/** Only this page's own script and style, talking to this center alone; a form that the script does not send is not sent. */
export const PASSWORD_PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Where the link of an invitation or a reset leads: a form for the new password. The token stays in the fragment, which no server sees. */
export function passwordPage(lang: PageLang): string {
  return `<!doctype html>${renderToString(<PasswordPage lang={lang} />)}`;
}

function PasswordPage({ lang }: { lang: PageLang }): JSX.Element {
  const words = WORDS[lang];
  return (
    <html lang={lang} dir={dirOf(lang)}>
      <head>
        <meta charset="utf-8" />
        <title>{words.title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
        <script src="/desk/password.js" defer />
      </head>
      <body>
        <main>
          <h1>{words.title}</h1>
          <form id="ask" method="post" data-part data-differ={words.differ} data-unreachable={words.unreachable} hidden>
            <p class="quiet" id="hint">
              {words.hint}
            </p>
            <Field name="password" label={words.password} />
            <Field name="again" label={words.again} />
            <p id="refusal" role="alert" hidden />
            <button type="submit">{words.save}</button>
          </form>
          <p id="done" role="status" data-part hidden>
            {words.done}
          </p>
          <p id="no-token" data-part hidden>
            {words.noToken}
          </p>
          <noscript>
            <p>{words.noScript}</p>
          </noscript>
          <nav>
            <a lang={words.other.lang} dir={dirOf(words.other.lang)} hreflang={words.other.lang} href={`?lang=${words.other.lang}`}>
              {words.other.name}
            </a>
          </nav>
        </main>
      </body>
    </html>
  );
}

function Field({ name, label }: { name: string; label: string }): JSX.Element {
  return (
    <label>
      {label}
      <input type="password" name={name} autocomplete="new-password" aria-describedby="hint" minlength={PASSWORD_LENGTH.min} required />
    </label>
  );
}

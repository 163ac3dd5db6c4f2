import type { FastifyReply } from 'fastify';
import type { ComponentChildren, JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { Published } from '../http/published.js';
import type { PublicPicture } from '../media/picture.js';
import { LANGS, dirOf, type Lang } from '../text/language.js';
import { phraseIn } from '../text/wording.js';
import { Ad } from './ad.js';
import { ICON, SCRIPTS, STYLESHEET, TYPEFACE, type Asset } from './assets.js';
import type { Frame, Validity } from './frame.service.js';
import { askedFor, hrefOf } from './links.js';
import { Phrased } from './phrased.js';
import { PrivacyLink } from './privacy-link.js';

/** What every reader page has around its content. */
interface ShellOptions {
  readonly lang: Lang;
  readonly title: string;
  /** Whose it is; with the ways to everything else, unless the page is for one act. */
  readonly site: Frame | Pick<Frame, 'center' | 'home'>;
  readonly children: ComponentChildren;
  /** What stands beside the content where there is room, and else below it. */
  readonly side?: ComponentChildren;
  /** The section at the top in which the page stands, by its slug. */
  readonly section?: string;
  /** The page is the search: its own form is enough. */
  readonly isSearch?: boolean;
  /** What makes the page better for whoever runs scripts. */
  readonly scripts?: readonly Asset[];
  /** Where the page is for everybody: its one address, which those who list pages are to know it by. */
  readonly canonical?: string;
  /** What those who show a link to the page may show beside it. */
  readonly image?: PublicPicture | null;
  /** What else programs are told of the page, within `<head>`. */
  readonly head?: ComponentChildren;
  /** Parameters of the page that stay when its language is changed: `r=3`. */
  readonly parameters?: string;
}

/** Each language's name in itself. */
export const LANGUAGE_NAMES: Readonly<Record<Lang, string>> = { ar: 'العربية', en: 'English', fr: 'Français' };

const WORDS = {
  ar: {
    skip: 'إلى المحتوى',
    sections: 'الأقسام',
    query: 'كلمات البحث',
    search: 'ابحث',
    languages: 'لغة الصفحة',
    ways: 'صفحات الموقع',
    authors: 'الكتّاب',
    polls: 'الاستطلاعات',
    about: 'من نحن',
    masthead: 'هيئة المركز',
    contact: 'اتصل بنا',
  },
  en: {
    skip: 'Skip to the content',
    sections: 'Sections',
    query: 'Words to search for',
    search: 'Search',
    languages: 'Language of this page',
    ways: 'Pages of this site',
    authors: 'Authors',
    polls: 'Polls',
    about: 'About',
    masthead: 'Masthead',
    contact: 'Contact',
  },
  fr: {
    skip: 'Aller au contenu',
    sections: 'Rubriques',
    query: 'Mots à chercher',
    search: 'Chercher',
    languages: 'Langue de cette page',
    ways: 'Pages de ce site',
    authors: 'Auteurs',
    polls: 'Consultations',
    about: 'À propos',
    masthead: 'L’équipe',
    contact: 'Contact',
  },
} as const satisfies Record<Lang, object>;

const KINDS = {
  ar: { 'data-authors': 'كاتب', 'data-tags': 'وسم' },
  en: { 'data-authors': 'author', 'data-tags': 'tag' },
  fr: { 'data-authors': 'auteur', 'data-tags': 'mot-clé' },
} as const satisfies Record<Lang, object>;

/** What a field for searches has to tell `browser/suggest.js`: how it names what is no title. */
export function suggestingIn(lang: Lang): Readonly<Record<`data-${string}`, string>> {
  return KINDS[lang];
}

/** This center's own style, letters, pictures and scripts, which ask nobody else; and forms to it alone. */
const POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The whole page, around `children`. */
export function shell({
  lang,
  title,
  site,
  children,
  side,
  section,
  isSearch = false,
  scripts = [],
  canonical,
  image,
  head,
  parameters,
}: ShellOptions): string {
  const words = WORDS[lang];
  const { center, home } = site;
  const frame = 'sections' in site ? site : undefined;
  const name = phraseIn(center, lang, home)!;
  return `<!doctype html>${renderToString(
    <html lang={lang} dir={dirOf(lang)}>
      <head>
        <meta charset="utf-8" />
        <title>{`${title} · ${name.text}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="stylesheet" href={STYLESHEET.path} />
        <link rel="icon" type="image/svg+xml" href={ICON.path} />
        {lang === 'ar' && <link rel="preload" href={TYPEFACE.path} as="font" type="font/woff2" crossorigin="anonymous" />}
        {[...new Set([...scripts, ...(frame === undefined ? [] : [SCRIPTS.suggest, ...(frame.ads.size > 0 ? [SCRIPTS.views] : [])])])].map(
          ({ path }) => (
            <script type="module" src={path} />
          ),
        )}
        {canonical === undefined ? <meta name="robots" content="noindex" /> : <link rel="canonical" href={canonical} />}
        {image && <meta property="og:image" content={image.url} />}
        {image?.alt && <meta property="og:image:alt" content={image.alt} />}
        {head}
      </head>
      <body>
        <a class="skip" href="#main">
          {words.skip}
        </a>
        <header class="site-head">
          <div class="band">
            <div class="who">
              <a class="name" href={hrefOf([], askedFor(lang, home))} lang={name.lang} dir={name.dir}>
                {name.text}
              </a>
              {frame !== undefined && <Tagline {...{ frame, lang }} />}
            </div>
            <nav class="languages" aria-label={words.languages}>
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
            {frame !== undefined && !isSearch && <Search {...{ lang, home }} />}
            {frame !== undefined && <Ad {...{ frame, lang }} slot="masthead" />}
          </div>
          {frame !== undefined && frame.sections.length > 0 && <Sections {...{ frame, lang, section }} />}
        </header>
        <div class={side ? 'page with-side' : 'page'}>
          <main id="main" tabIndex={-1} class="sheet">
            {children}
          </main>
          {side && <aside class="side">{side}</aside>}
        </div>
        {frame !== undefined && <Footer {...{ frame, lang }} />}
      </body>
    </html>,
  )}`;
}

function Tagline({ frame: { tagline, home }, lang }: { frame: Frame; lang: Lang }): JSX.Element | null {
  if (phraseIn(tagline, lang, home) === null) return null;
  return (
    <p class="tagline">
      <Phrased of={tagline} lang={lang} home={home} />
    </p>
  );
}

function Search({ lang, home }: { lang: Lang; home: Lang }): JSX.Element {
  const words = WORDS[lang];
  return (
    <search>
      <form class="site-search" action="/search">
        {lang !== home && <input type="hidden" name="lang" value={lang} />}
        <input
          type="search"
          name="q"
          aria-label={words.query}
          placeholder={words.search}
          maxLength={200}
          dir="auto"
          required
          {...suggestingIn(lang)}
        />
        <button type="submit">{words.search}</button>
      </form>
    </search>
  );
}

interface SectionsProps extends Pick<ShellOptions, 'lang' | 'section'> {
  readonly frame: Frame;
}

function Sections({ frame: { sections, home }, lang, section }: SectionsProps): JSX.Element {
  return (
    <nav class="sections" aria-label={WORDS[lang].sections}>
      <ul>
        {sections.map(({ slug, name }) => (
          <li>
            <a href={hrefOf(['sections', slug], askedFor(lang, home))} aria-current={slug === section ? 'true' : undefined}>
              <Phrased of={name} lang={lang} home={home} />
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Footer({ frame: { masthead, contact, home }, lang }: { frame: Frame; lang: Lang }): JSX.Element {
  const words = WORDS[lang];
  const address = contact.address ?? {};
  const reached = contact.email !== undefined || contact.phone !== undefined || Object.keys(address).length > 0;
  return (
    <footer class="site-foot">
      <div class="band">
        <nav aria-label={words.ways}>
          <ul>
            {(['authors', 'polls', 'about'] as const).map((page) => (
              <li>
                <a href={hrefOf([page], askedFor(lang, home))}>{words[page]}</a>
              </li>
            ))}
            <li>
              <PrivacyLink {...{ lang, home }} />
            </li>
          </ul>
        </nav>
        {masthead.length > 0 && (
          <section>
            <h2>{words.masthead}</h2>
            <dl>
              {masthead.map(({ role, person }) => (
                <div>
                  <dt>
                    <Phrased of={role} lang={lang} home={home} />
                  </dt>
                  <dd>
                    <Phrased of={person} lang={lang} home={home} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        {reached && (
          <section>
            <h2>{words.contact}</h2>
            <address>
              <Phrased of={address} lang={lang} home={home} />
              {contact.email !== undefined && (
                <a href={`mailto:${contact.email}`} dir="ltr">
                  {contact.email}
                </a>
              )}
              {contact.phone !== undefined && (
                <a href={`tel:${contact.phone.replaceAll(/[^\d+]/g, '')}`} dir="ltr">
                  {contact.phone.replaceAll(' ', '\u00a0').replaceAll('-', '\u2011')}
                </a>
              )}
            </address>
          </section>
        )}
      </div>
    </footer>
  );
}

// Not `no-referrer`: a browser would then send `Origin: null` with our own forms, as a stranger's does.
const FOR_EVERY_PAGE = { 'content-security-policy': POLICY, 'referrer-policy': 'same-origin' };

/** A page that everybody sees alike. Its date is when what it shows last changed. */
export function shownToAll({ modified, settled }: Validity, page: string): Published {
  return new Published({ body: page, modified, settled }, null, {
    type: 'text/html; charset=utf-8',
    headers: FOR_EVERY_PAGE,
    compressed: true,
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

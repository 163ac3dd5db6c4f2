import type { ReadCenter } from '../masthead/masthead.service.js';
import type { Lang } from '../text/language.js';
import { phraseIn } from '../text/wording.js';
import type { Frame } from './frame.service.js';
import { Phrased } from './phrased.js';
import { shell } from './shell.js';

interface Words {
  readonly title: string;
  readonly masthead: string;
  readonly since: string;
  readonly contact: string;
  readonly email: string;
  readonly phone: string;
  readonly address: string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: { title: 'من نحن', masthead: 'هيئة المركز', since: 'منذ', contact: 'للتواصل', email: 'البريد', phone: 'الهاتف', address: 'العنوان' },
  en: { title: 'About', masthead: 'Masthead', since: 'since', contact: 'Contact', email: 'E-mail', phone: 'Telephone', address: 'Address' },
  fr: { title: 'À propos', masthead: 'Équipe', since: 'depuis', contact: 'Contact', email: 'Courriel', phone: 'Téléphone', address: 'Adresse' },
}; // prettier-ignore

interface AboutPage {
  readonly origin: string;
  readonly asked: Lang | undefined;
  readonly read: ReadCenter;
  readonly frame: Frame;
}

/** The center, who is in office today, and how to reach it. */
export function aboutPage({ origin, asked, read, frame }: AboutPage): string {
  const { center, home, tagline, masthead, contact } = read;
  const lang = asked ?? home;
  const words = WORDS[lang];
  const name = phraseIn(center, lang, home)!;
  const said = phraseIn(tagline, lang, home);
  const address = phraseIn(contact.address ?? {}, lang, home);
  return shell({
    lang,
    title: words.title,
    site: frame,
    canonical: `${origin}/about`,
    children: (
      <>
        <h1 lang={name.lang} dir={name.dir}>
          {name.text}
        </h1>
        {said !== null && (
          <p class="summary" lang={said.lang} dir={said.dir}>
            {said.text}
          </p>
        )}
        {masthead.length > 0 && (
          <section>
            <h2>{words.masthead}</h2>
            <dl class="masthead">
              {masthead.map(({ role, person, since }) => (
                <div>
                  <dt>
                    <Phrased of={role} lang={lang} home={home} />
                  </dt>
                  <dd>
                    <Phrased of={person} lang={lang} home={home} />
                    {since !== null && (
                      <span class="quiet">
                        {' · '}
                        {words.since} <time datetime={since}>{since.slice(0, 4)}</time>
                      </span>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        {(contact.email || contact.phone || address) && (
          <section>
            <h2>{words.contact}</h2>
            <dl class="contact">
              {contact.email && (
                <div>
                  <dt>{words.email}</dt>
                  <dd>
                    <a href={`mailto:${encodeURI(contact.email)}`}>
                      <bdi dir="ltr">{contact.email}</bdi>
                    </a>
                  </dd>
                </div>
              )}
              {contact.phone && (
                <div>
                  <dt>{words.phone}</dt>
                  <dd>
                    <bdi dir="ltr">{contact.phone}</bdi>
                  </dd>
                </div>
              )}
              {address !== null && (
                <div>
                  <dt>{words.address}</dt>
                  <dd>
                    <Phrased of={contact.address!} lang={lang} home={home} />
                  </dd>
                </div>
              )}
            </dl>
          </section>
        )}
      </>
    ),
  });
}

import { DEVICE_DAYS, SESSION_DAYS, SESSION_IDLE_HOURS } from '../accounts/leftovers.service.js';
import { PREVIEWS_KEPT_DAYS } from '../articles/preview-retention.job.js';
import { RELOAD_MS } from '../http/visits.js';
import { WORK_MINUTES } from '../http/work.js';
import { MAIL_LISTED_DAYS, UNSENT_KEPT_HOURS } from '../mail/kinds.js';
import { VOTE_LINK_HOURS } from '../polls/confirmations.service.js';
import { PLACES_KEPT_HOURS, VOTERS_KEPT_DAYS } from '../polls/privacy.job.js';
import { READER_SECONDS } from '../polls/reader-cookie.js';
import { MOST_READ_DAYS } from '../readership/periods.js';
import { PROVEN_SECONDS } from '../send-to-friend/sender-cookie.js';
import { MONTH, SHARES_KEPT_DAYS, WAIT_HOURS } from '../send-to-friend/share-limits.js';
import type { Lang } from '../text/language.js';
import { phraseIn } from '../text/wording.js';
import type { Frame } from './frame.service.js';
import { askedFor, hrefOf } from './links.js';
import { Phrased } from './phrased.js';
import { TOPICS, WORDS, type Spans } from './privacy.words.js';
import { shell } from './shell.js';

type Unit = 'minute' | 'hour' | 'day';

const DAY_SECONDS = 24 * 3_600;

/** The constants themselves, as the rooms that go by them have them. */
const KEPT: Readonly<Record<keyof Spans, readonly [count: number, unit: Unit]>> = {
  reload: [RELOAD_MS / 60_000, 'minute'],
  reading: [MOST_READ_DAYS, 'day'],
  readerCookie: [READER_SECONDS / DAY_SECONDS, 'day'],
  places: [PLACES_KEPT_HOURS, 'hour'],
  voters: [VOTERS_KEPT_DAYS, 'day'],
  voteLink: [VOTE_LINK_HOURS, 'hour'],
  unsent: [UNSENT_KEPT_HOURS, 'hour'],
  listed: [MAIL_LISTED_DAYS, 'day'],
  wait: [WAIT_HOURS, 'hour'],
  shares: [SHARES_KEPT_DAYS, 'day'],
  senderCookie: [PROVEN_SECONDS / DAY_SECONDS, 'day'],
  limits: [MONTH / DAY_SECONDS, 'day'],
  work: [WORK_MINUTES, 'minute'],
  idle: [SESSION_IDLE_HOURS, 'hour'],
  session: [SESSION_DAYS, 'day'],
  device: [DEVICE_DAYS, 'day'],
  previews: [PREVIEWS_KEPT_DAYS, 'day'],
};

/** `90 days`, in the digits that all pages have. */
function span(lang: Lang, [count, unit]: readonly [number, Unit]): string {
  return new Intl.NumberFormat(`${lang}-u-nu-latn`, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}

/** What is kept of readers, why and for how long. */
export function privacyPage({ origin, asked, frame }: { origin: string; asked: Lang | undefined; frame: Frame }): string {
  const { home, center, contact } = frame;
  const lang = asked ?? home;
  const words = WORDS[lang];
  const spans = Object.fromEntries(Object.entries(KEPT).map(([name, kept]) => [name, span(lang, kept)])) as Spans;
  const topics = words.topics(spans);
  const name = phraseIn(center, lang, home)!;
  return shell({
    lang,
    title: words.title,
    site: frame,
    canonical: `${origin}/privacy`,
    children: (
      <>
        <h1>{words.title}</h1>
        <p class="summary">{words.lead}</p>
        {TOPICS.map((topic) => (
          <section id={topic}>
            <h2>{topics[topic].heading}</h2>
            {topics[topic].statements.map((statement) => (
              <p>{statement}</p>
            ))}
          </section>
        ))}
        <p>
          {words.responsible}{' '}
          <a href={hrefOf(['about'], askedFor(lang, home))} lang={name.lang} dir={name.dir}>
            {name.text}
          </a>
          {contact.email !== undefined && (
            <>
              {' · '}
              <a href={`mailto:${encodeURI(contact.email)}`}>
                <bdi dir="ltr">{contact.email}</bdi>
              </a>
            </>
          )}
          {contact.address !== undefined && (
            <>
              {' · '}
              <Phrased of={contact.address} lang={lang} home={home} />
            </>
          )}
        </p>
      </>
    ),
  });
}

/**
 * Mail of one lane is sent by workers and over connections of its own, so that a hundred notices, or a relay slow to take them, never keep
 * anybody from signing in. Shares have theirs, because strangers decide how many there are.
 */
export const LANES = ['account', 'desk', 'readers', 'shares'] as const;
export type Lane = (typeof LANES)[number];

/** How a kind of mail is carried. */
interface Handling {
  readonly lane: Lane;
  /** Nobody asked us for it but a third person: it says how to refuse all such mail, and does not go to who has. */
  readonly refusable?: true;
  /** Rather not at all than twice: what may have arrived is not sent again. Everything else is sent at least once. */
  readonly once?: true;
  /** For how many hours it is tried. Default {@link HOURS}. */
  readonly hours?: number;
  /** Comes from share@mail.<site>: what people come to think of it must not fall upon the name that passwords come from. */
  readonly apart?: true;
}

/** For how many hours most mail is tried. */
const HOURS = 48;

/** Whom a letter was for, and its text, is kept so long after it was written, should nobody take it. */
export const UNSENT_KEPT_HOURS = 72;
/** That there was a letter is known so long after its end. */
export const MAIL_LISTED_DAYS = 90;

/** Every kind of mail there is. */
export const KINDS = {
  invitation: { lane: 'account' },
  reset: { lane: 'account' },
  password_changed: { lane: 'account' },
  email_changed: { lane: 'account' },
  access_changed: { lane: 'account' },
  submitted: { lane: 'desk' },
  returned: { lane: 'desk' },
  approved: { lane: 'desk' },
  schedule_failed: { lane: 'desk' },
  vote_confirmation: { lane: 'readers' },
  // As long as its link. With the shares, because strangers cause it too, and a stop is to hold up both.
  share_confirmation: { lane: 'shares', refusable: true, hours: 24, apart: true },
  share: { lane: 'shares', refusable: true, once: true, hours: 24, apart: true },
} as const satisfies Record<string, Handling>;
export type Kind = keyof typeof KINDS;

/** @returns how mail of this kind is carried */
export function handlingOf(kind: Kind): Handling & { readonly hours: number } {
  return { hours: HOURS, ...KINDS[kind] };
}

/**
 * How far a mail is. `uncertain`: of a kind sent once at most, and nobody knows whether it arrived. `withheld`: its recipient has refused
 * such mail.
 */
export const MAIL_STATES = ['waiting', 'sending', 'sent', 'dead', 'uncertain', 'withheld'] as const;
export type MailState = (typeof MAIL_STATES)[number];

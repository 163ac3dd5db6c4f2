/**
 * Mail of one lane is sent by workers and over connections of its own, so that a hundred notices, or a relay slow to take them, never keep
 * anybody from signing in.
 */
export const LANES = ['account', 'desk', 'readers'] as const;
export type Lane = (typeof LANES)[number];

/** Every kind of mail there is, and its lane. */
export const KINDS = {
  invitation: 'account',
  reset: 'account',
  password_changed: 'account',
  email_changed: 'account',
  submitted: 'desk',
  returned: 'desk',
  approved: 'desk',
  schedule_failed: 'desk',
  vote_confirmation: 'readers',
} as const satisfies Record<string, Lane>;
export type Kind = keyof typeof KINDS;

export const MAIL_STATES = ['waiting', 'sending', 'sent', 'dead'] as const;
export type MailState = (typeof MAIL_STATES)[number];

import type { SendMailOptions } from 'nodemailer';
import type { Parcel } from './carrier.js';

/**
 * The message in nodemailer's words. Recipients are objects and the envelope is given, so that nothing parses an address again; of what
 * people typed only the subject and the center's name stand in a header, and the address of who wants to be answered.
 */
export function composed({ from, to, replyTo, subject, html, text, messageId, date, unsubscribe }: Parcel): SendMailOptions {
  return {
    from: { name: headerText(from.name), address: from.address },
    to: { name: '', address: to },
    ...(replyTo === undefined ? {} : { replyTo: { name: '', address: replyTo } }),
    envelope: { from: { name: '', address: from.address }, to: [{ name: '', address: to }] },
    subject: headerText(subject),
    html,
    text,
    messageId,
    date,
    headers: {
      'Auto-Submitted': 'auto-generated',
      ...(unsubscribe === undefined
        ? {}
        : // Prepared: written as they are. nodemailer folds lines beyond 76 characters, which broke the signatures of some relays.
          {
            'List-Unsubscribe': { prepared: true, value: `<${unsubscribe}>` },
            'List-Unsubscribe-Post': { prepared: true, value: 'List-Unsubscribe=One-Click' },
          }),
    },
    xMailer: false,
    // Nothing in a letter is ever a path or an address to fetch from.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Line ends survive inside an encoded word, and what reorders text would make a header read differently from what it says. */
function headerText(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u202A-\u202E\u2066-\u2069]/g, '')
    .trim();
}

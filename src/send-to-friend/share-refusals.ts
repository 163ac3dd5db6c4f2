import { Problem, type Sentence } from '../http/problem.js';

/** What is refused for reasons that have nothing to do with the request itself: it is sent too often, or nothing is sent now. */

/** How long a stopped lane is said to be so: an editor has to look at it. */
const STOPPED_SECONDS = 3_600;

function later(status: 429 | 503, code: string, message: Sentence, seconds: number): Problem {
  return new Problem(status, code, message, { headers: { 'retry-after': String(seconds) } });
}

export function tooManyOfSender(seconds: number): Problem {
  const message = {
    ar: 'بلغ المرسل من هذا العنوان أقصى ما يُرسل في 24 ساعة: 5 مرات إلى 10 عناوين. أعد المحاولة غدًا.',
    en: 'This sender has reached what may be sent in 24 hours: 5 shares to 10 addresses. Try again tomorrow.',
  };
  return later(429, 'too_many_shares', message, seconds);
}

export function tooManyOfNetwork(seconds: number): Problem {
  const message = {
    ar: 'أُرسل من شبكتك اليوم أقصى ما يُرسل. أعد المحاولة غدًا، أو انسخ الرابط وأرسله بنفسك.',
    en: 'Your network has sent as much as it may today. Try again tomorrow, or copy the link and send it yourself.',
  };
  return later(429, 'too_many_shares', message, seconds);
}

export function tooManyLetters(seconds: number): Problem {
  const message = {
    ar: 'أُرسل بهذه الاستمارة كثير في هذه الساعة. أعد المحاولة بعد حين، أو انسخ الرابط وأرسله بنفسك.',
    en: 'Much has been sent with this form within the hour. Try again later, or copy the link and send it yourself.',
  };
  return later(429, 'too_many_letters', message, seconds);
}

export function sharesFull(seconds: number): Problem {
  const message = {
    ar: 'أُرسل من الموقع كثير في هذه الساعة. أعد المحاولة بعد حين، أو انسخ الرابط وأرسله بنفسك.',
    en: 'Very much is being sent from this site just now. Try again later, or copy the link and send it yourself.',
  };
  return later(503, 'shares_full', message, seconds);
}

export function sharesStopped(): Problem {
  const message = {
    ar: 'أُوقف الإرسال بالبريد حتى يراجعه المحررون. انسخ الرابط وأرسله بنفسك.',
    en: 'Sending by mail is stopped until the editors have looked at it. Copy the link and send it yourself.',
  };
  return later(503, 'shares_stopped', message, STOPPED_SECONDS);
}

/** The center offers links only. */
export function sharingOff(): Problem {
  return new Problem(403, 'mail_sharing_off', {
    ar: 'لا يرسل هذا الموقع المواد بالبريد. انسخ الرابط وأرسله بنفسك.',
    en: 'This site does not send pieces by mail. Copy the link and send it yourself.',
  });
}

import type { Lang } from '../text/language.js';
import { LEVEL_NAMES } from './method-note.js';
import type { PollResults } from './poll.dto.js';
import { RESULT_WORDS } from './results-words.js';

/**
 * Results as a table for spreadsheets: RFC 4180, with the byte order mark by which Excel knows UTF-8. One row for each thing said, so that
 * every row has the same columns.
 * @param lang of the column names and the kinds of rows
 */
export function resultsTable(results: PollResults, lang: Lang): string {
  const words = RESULT_WORDS[lang];
  const { question, options, totalBallots, underReview, removed, removals, level, state, opensAt, closesAt, countedAt, method } = results;
  const rows: Row[] = [
    [words.item, words.text, words.language, words.ballots, words.share, words.time],
    [words.question, question, results.lang],
    ...options.map((option): Row => [words.option, option.label, option.lang, option.ballots, option.share.toFixed(4)]),
    [words.total, '', '', totalBallots],
    [words.underReview, '', '', underReview],
    [words.removed, '', '', removed],
    ...removals.map((removal): Row => [words.removedBecause, removal.reason, removal.lang, removal.ballots, '', removal.at]),
    [words.level, `${level} (${LEVEL_NAMES[level][lang]})`, lang],
    [words.state, words.states[state], lang],
    [words.opened, '', '', '', '', opensAt],
    [state === 'open' ? words.closes : words.closed, '', '', '', '', closesAt ?? ''],
    [words.counted, '', '', '', '', countedAt],
    [words.method, method, results.methodLang],
  ];
  return `\uFEFF${rows.map((row) => `${Array.from({ length: 6 }, (_, column) => cell(row[column] ?? '')).join()}\r\n`).join('')}`;
}

/** Item, text, language, ballots, share, time; what is missing at the end is empty. */
type Row = readonly (string | number)[];

/** What a spreadsheet would take for a formula, also behind spaces and in full width; with an apostrophe before it, it is text. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u;

function cell(value: string | number): string {
  const text = String(value);
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** Those that people use; whoever pretends to be another comes before it. */
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera|OPiOS)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/**
 * By what a person knows a session again: `Firefox on Linux`. One of these words, never what was sent: that tells more than is needed, and
 * comes from anybody.
 * @returns null for a program that is none of them
 */
export function agentOf(userAgent = ''): string | null {
  const [program, system] = [PROGRAMS, SYSTEMS].map((known) => known.find(([form]) => form.test(userAgent))?.[1]);
  if (program === undefined) return null;
  return system === undefined ? program : `${program} on ${system}`;
}

/** A saved page's characters and how they were told from its bytes. */
export interface DecodedPage {
  text: string;
  /** WHATWG name of the encoding, such as 'utf-8' or 'windows-1256'. */
  encoding: string;
  /** A sentence for the report where the encoding was guessed or a declaration was not followed. */
  warning: string | null;
}

/** Where a page's own `<meta charset>` is looked for: the HTML standard reads 1,024 bytes, saved pages start with longer comments. */
const DECLARATION_BYTES = 2048;

const DECLARED = /<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]{1,40})/i;

/**
 * Decodes a page saved in an unknown encoding: byte order mark, declared charset, UTF-8 if the bytes are valid, else windows-1256,
 * the usual one of older Arabic sites. Never fails: bytes without a meaning become U+FFFD and are reported.
 */
export function decodePage(bytes: Uint8Array): DecodedPage {
  const marked = byteOrderMark(bytes);
  if (marked !== null) return decoded(bytes, marked, null);
  const utf8 = isUtf8(bytes);
  const declared = declaredEncoding(bytes);
  // Browsers rewrite a page to UTF-8 on saving and leave the old declaration; Arabic in a one-byte encoding is not valid UTF-8 by chance.
  if (utf8 && declared !== null && declared !== 'utf-8') {
    return decoded(bytes, 'utf-8', `The page declares ${declared} but is written in UTF-8; it was read as UTF-8.`);
  }
  if (utf8) return decoded(bytes, 'utf-8', null);
  if (declared !== null && declared !== 'utf-8') return decoded(bytes, declared, null);
  const claim = declared === null ? 'declares no encoding and is not valid UTF-8' : 'declares UTF-8 but is not valid UTF-8';
  return decoded(bytes, 'windows-1256', `The page ${claim}; it was read as windows-1256.`);
}

function decoded(bytes: Uint8Array, encoding: string, warning: string | null): DecodedPage {
  const text = new TextDecoder(encoding).decode(bytes);
  const lost = text.split('\ufffd').length - 1;
  const loss = lost === 0 ? null : `${lost} characters could not be read as ${encoding}.`;
  return { text, encoding, warning: warning && loss ? `${warning} ${loss}` : (warning ?? loss) };
}

function byteOrderMark(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return null;
}

function declaredEncoding(bytes: Uint8Array): string | null {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, DECLARATION_BYTES));
  const label = DECLARED.exec(start)?.[1];
  if (label === undefined) return null;
  try {
    const { encoding } = new TextDecoder(label);
    // The declaration itself was read as ASCII, so it cannot stand in UTF-16 (HTML standard: read as UTF-8 then).
    return encoding.startsWith('utf-16') ? 'utf-8' : encoding;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

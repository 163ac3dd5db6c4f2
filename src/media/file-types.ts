/** What editors may upload, told by its first bytes alone: names and declared types say what a client likes. */
export type UploadType = 'jpeg' | 'png' | 'webp' | 'avif' | 'pdf';

/** So many bytes tell the type, where there are as many. */
export const HEAD_BYTES = 64;

/** @param head the first bytes of the file @returns null for everything that is not taken: SVG, GIF, HTML, archives … */
export function uploadTypeOf(head: Buffer): UploadType | null {
  const text = head.toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp';
  if (text.startsWith('%PDF-')) return 'pdf';
  return isAvif(head, text) ? 'avif' : null;
}

/** ISO/IEC 14496-12, 4.3: the major brand, a version, and then the compatible brands. HEIC has the same box and other brands. */
function isAvif(head: Buffer, text: string): boolean {
  if (head.length < 16 || !text.startsWith('ftyp', 4)) return false;
  const end = Math.min(head.readUInt32BE(0), head.length);
  const brands = [text.slice(8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text.slice(at, at + 4));
  return brands.some((brand) => brand === 'avif' || brand === 'avis');
}

import sharp, { type Sharp } from 'sharp';
import type { Test } from 'supertest';
import type { TestEditor } from './factories.js';
import type { TestApp } from './test-app.js';

/** A picture with something on it, made on the spot. @param finish how it is encoded; as JPEG unless said */
export async function aPicture(
  { width = 200, height = 120 }: { width?: number; height?: number } = {},
  finish: (picture: Sharp) => Sharp = (picture) => picture.jpeg(),
): Promise<Buffer> {
  const noise = sharp({
    create: { width: 40, height: 24, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  });
  return finish(sharp(await noise.png().toBuffer()).resize(width, height, { fit: 'fill' })).toBuffer();
}

/** The smallest document that a reader would open. */
export function aPdf(inside = ''): Buffer {
  return Buffer.from(
    `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n${inside}\ntrailer<</Root 1 0 R>>\n%%EOF\n`,
  );
}

/** Sends a file as a page's form does. */
export function upload(world: TestApp, editor: TestEditor, content: Buffer, name = 'picture.jpg'): Test {
  return world.as(editor).post('/api/v1/desk/media').attach('file', content, name);
}

/** Sends a file that is taken. */
export async function uploaded(world: TestApp, editor: TestEditor, content: Buffer, name?: string): Promise<{ readonly id: number }> {
  const { status, body } = await upload(world, editor, content, name);
  if (status !== 201) throw new Error(`upload answered ${status}: ${JSON.stringify(body)}`);
  return body as { id: number };
}

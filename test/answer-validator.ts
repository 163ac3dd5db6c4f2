import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { Response } from 'supertest';

type Schema = Record<string, unknown>;

/**
 * Holds answers against the OpenAPI document: the status must be documented for the path, a JSON body must fit its schema exactly, with
 * no field more and none less.
 * @returns a function that throws when an answer does not fit
 */
export function answerValidator(
  document: OpenAPIObject,
): (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, response: Response) => void {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {}))
    ajv.addSchema(exact(schema as Schema), `#/components/schemas/${name}`);
  const routes = Object.entries(document.paths).map(([template, operations]) => ({
    pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
    // A written-out path is meant before a pattern.
    variables: template.split('{').length,
    operations,
  }));
  const validators = new Map<unknown, ValidateFunction>();

  return (method, url, response) => {
    const [path = ''] = url.split('?');
    const route = routes.filter(({ pattern }) => pattern.test(path)).toSorted((a, b) => a.variables - b.variables)[0];
    if (!route) return;
    const operation = route.operations[method];
    if (!operation) {
      if (response.status !== 404) throw new Error(`${method} ${path} is not documented`);
      return;
    }
    const answer = operation.responses[String(response.status)];
    if (!answer || '$ref' in answer)
      throw new Error(`${response.status} is not documented for ${method} ${path}: ${response.text.slice(0, 500)}`);
    const [mediaType, media] = Object.entries(answer.content ?? {})[0] ?? [];
    if (mediaType === undefined || response.text === '') return;
    if (!response.headers['content-type']?.startsWith(mediaType))
      throw new Error(`${path} answered ${response.headers['content-type']}, not ${mediaType}`);
    if (!mediaType.endsWith('json')) return;
    let validate = validators.get(media);
    if (!validate) validators.set(media, (validate = ajv.compile(media?.schema as Schema)));
    if (!validate(JSON.parse(response.text)))
      throw new Error(`${url} does not fit the OpenAPI document: ${ajv.errorsText(validate.errors)}`);
  };
}

/** OpenAPI 3.0 as JSON Schema: `nullable` becomes a type, and objects get no further properties. */
function exact(schema: Schema): Schema {
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'example' || typeof value !== 'object' || value === null || Array.isArray(value) ? each(key, value) : exact(value as Schema),
    ]),
  );
  const strict = rest['properties'] && rest['type'] === 'object' ? { ...rest, additionalProperties: false } : rest;
  return nullable === true ? { anyOf: [{ type: 'null' }, strict] } : strict;
}

function each(key: string, value: unknown): unknown {
  return key !== 'example' && Array.isArray(value)
    ? value.map((item) => (typeof item === 'object' && item !== null ? exact(item as Schema) : item))
    : value;
}

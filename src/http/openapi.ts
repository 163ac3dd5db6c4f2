import { Header, HttpCode, applyDecorators, type INestApplication, type Type } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiSecurity,
  DocumentBuilder,
  SwaggerModule,
  getSchemaPath,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { ForEverySite, ForEverySiteWhenPublished } from './cors.js';

class ProblemField {
  @ApiProperty({ example: 'limit' })
  field: string;

  @ApiProperty({ example: 'limit', description: 'Stable name of the rule that was broken.' })
  rule: string;

  @ApiProperty({ example: 'A whole number from 1 to 100.' })
  message: string;
}

/** Problem details of RFC 9457, as every refusal is answered. */
class ProblemDetails {
  @ApiProperty({ example: 'urn:markaz:problem:invalid_parameter' })
  type: string;

  @ApiProperty({ example: 'Malformed request' })
  title: string;

  @ApiProperty({ type: 'integer', example: 400 })
  status: number;

  @ApiProperty({ example: 'The request holds what is not accepted; errors says what.' })
  detail: string;

  @ApiProperty({ example: 'invalid_parameter', description: 'Stable; compare this one.' })
  code: string;

  @ApiProperty({ example: 'urn:uuid:9f1c1c2e-6f0e-4a3e-8f0e-0d7f5a8f6b1a', description: 'The request, as it stands in the log.' })
  instance: string;

  @ApiProperty({ enum: ['ar', 'en'], example: 'en' })
  lang: string;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'ltr' })
  dir: string;

  @ApiProperty({ type: [ProblemField] })
  errors: ProblemField[];

  @ApiPropertyOptional({ type: 'integer', description: 'With stale_version: the present version.' })
  version?: number;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'With stale_version: who made it.' })
  editedBy?: string | null;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'With stale_version: when.' })
  editedAt?: string;
}

const REFUSALS = {
  400: 'A parameter is malformed or unknown; `errors` names it.',
  403: 'There is something, and it may not be seen; `detail` says when it may.',
  404: 'Nothing is published here.',
  410: 'Withdrawn for good.',
  503: 'Too much at once; see Retry-After.',
} as const;

/**
 * Documents a public GET.
 * @param more which of 301, 403, 404, 410 and 503 it may answer besides 200, 304 and 400
 */
export function Answers(operationId: string, summary: string, type: Type, ...more: (301 | 403 | 404 | 410 | 503)[]): MethodDecorator {
  const refusals = ([403, 404, 410, 503] as const).filter((status) => more.includes(status));
  return applyDecorators(
    ForEverySite(),
    ApiOperation({ operationId, summary }),
    ApiOkResponse({ type, description: 'With ETag, Last-Modified and Cache-Control; lists also with Link rel="next".' }),
    ...(more.includes(301)
      ? [ApiResponse({ status: 301, description: 'Another spelling or a former slug: Location is the current address.' })]
      : []),
    ApiResponse({ status: 304, description: 'Not modified.' }),
    ...[400 as const, ...refusals].map(refusesWith),
  );
}

/**
 * Documents a public GET that not everybody may see at every time.
 * @param form class of its body, or the media type of what is no JSON
 */
export function AnswersAtTimes(operationId: string, summary: string, form: Type | string): MethodDecorator {
  const description = 'For everybody, with ETag and Cache-Control; or for this reader alone, and never cached.';
  return applyDecorators(
    ForEverySiteWhenPublished(),
    ApiOperation({ operationId, summary }),
    ApiOkResponse(
      typeof form === 'string' ? { description, content: { [form]: { schema: { type: 'string' } } } } : { description, type: form },
    ),
    ApiResponse({ status: 304, description: 'Not modified.' }),
    ...([400, 403, 404] as const).map(refusesWith),
  );
}

function refusesWith(status: keyof typeof REFUSALS): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(ProblemDetails),
    ApiResponse({
      status,
      description: REFUSALS[status],
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDetails) } } },
    }),
  );
}

const DESK_REFUSALS = {
  400: 'The body or a parameter is malformed; `errors` names it.',
  401: 'No session.',
  403: 'Your role does not allow this, or the request comes from another site (`cross_origin`).',
  404: 'There is no such thing, or you may not see it.',
  409: 'The state does not allow it, somebody was faster (`stale_version`), or a name is taken.',
  410: 'Withdrawn for good.',
  413: 'The body is too large.',
  415: 'Of another type than the route takes: JSON, unless it says otherwise.',
  422: 'Understood, but a rule refuses it; `errors` names the field.',
  429: 'Too many tries; see Retry-After.',
  503: 'Too much at once, or the data cannot be reached; see Retry-After.',
  507: 'There is no room left for files.',
} as const;

/**
 * Documents a route that is no public GET: the desk's, or an act.
 * @param success its status and the class of its body; null has none
 * @param more which refusals it may give besides 400
 */
export function Responds(
  operationId: string,
  summary: string,
  [status, type]: [200 | 201 | 202 | 204, Type | null],
  ...more: (keyof typeof DESK_REFUSALS)[]
): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(ProblemDetails),
    ApiOperation({ operationId, summary }),
    HttpCode(status),
    Header('Cache-Control', 'private, no-store'),
    ApiResponse({ status, ...(type === null ? {} : { type }), description: 'Never cached.' }),
    ...([400, ...more] as const).map((refusal) =>
      ApiResponse({
        status: refusal,
        description: DESK_REFUSALS[refusal],
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDetails) } } },
      }),
    ),
  );
}

/** Documents a route of the desk: {@link Responds} with the refusals all of them share. */
export function DeskRoute(
  operationId: string,
  summary: string,
  [status, type]: [200 | 201 | 204, Type | null],
  ...more: (404 | 409 | 413 | 415 | 422 | 429 | 503 | 507)[]
): MethodDecorator {
  return applyDecorators(Responds(operationId, summary, [status, type], 401, 403, ...more), ApiSecurity('session'), ApiSecurity('cookie'));
}

/** The document served at /openapi.json and committed as openapi.json. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const { servers: _, ...document } = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle('Markaz')
      .setDescription('Published content of a research center. Lists are paged by cursor; every answer carries an ETag.')
      .setVersion('1')
      .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The token that POST /api/v1/sessions gives.' }, 'session')
      .addCookieAuth(
        'markaz',
        { type: 'apiKey', in: 'cookie', description: 'Set by POST /api/v1/sessions; __Host-markaz over https.' },
        'cookie',
      )
      .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
      .build(),
  );
  // Said outright for the tools that ask: what is public needs no key.
  return { ...document, security: [] };
}

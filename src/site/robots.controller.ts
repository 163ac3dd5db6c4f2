import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Published } from '../http/published.js';
import { Public } from '../http/public.js';

/** What programs that list pages had better leave alone: acts, answers to one reader, endless questions, and what they would read twice. */
const ROBOTS = `User-agent: *
Disallow: /api/
Disallow: /articles/*/*/send
Disallow: /desk/
Disallow: /dev/
Disallow: /go/
Disallow: /mail/opt-out/
Disallow: /polls/*/vote
Disallow: /polls/confirm/
Disallow: /previews/
Disallow: /search
Disallow: /shares/confirm/
`;

/** RFC 9309. A line for the sitemap comes with the sitemap. */
@Public()
@ApiExcludeController()
@Controller('robots.txt')
export class RobotsController {
  @Get()
  show(): Published {
    const form = { type: 'text/plain; charset=utf-8', headers: {} };
    return new Published({ body: ROBOTS, modified: null, settled: false }, null, form);
  }
}

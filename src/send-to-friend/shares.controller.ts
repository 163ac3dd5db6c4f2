import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Responds } from '../http/openapi.js';
import { Public } from '../http/public.js';
import { LangQuery, SlugOrIdPipe } from '../http/query.js';
import { IdempotencyKey, TakesIdempotencyKey } from './idempotency-key.js';
import { SenderCookie } from './sender-cookie.js';
import { ShareConfirmations } from './share-confirmations.service.js';
import { ConfirmShares, SendShare, ShareChallenge, ShareTaken, SharesConfirmed } from './share.dto.js';
import { SharesService } from './shares.service.js';

/** Sending a piece to friends. */
@Public()
@ApiTags('shares')
@Controller('api/v1')
export class SharesController {
  constructor(
    private readonly shares: SharesService,
    private readonly confirmations: ShareConfirmations,
    private readonly cookie: SenderCookie,
  ) {}

  @Get('shares/challenge')
  @Responds('takeShareChallenge', 'The work to do before a share; more of it where much was sent from.', [200, ShareChallenge], 403)
  challenge(@Query() _lang: LangQuery, @Req() { ip }: FastifyRequest): Promise<ShareChallenge> {
    return this.shares.challenge(ip);
  }

  @Post('articles/:idOrSlug/shares')
  @TakesIdempotencyKey()
  @Responds(
    'sendShare',
    'Sends a piece to friends; one sent from an unconfirmed address waits until its owner has confirmed it. Whether a letter goes out is not told.',
    [202, ShareTaken],
    403,
    404,
    409,
    410,
    413,
    415,
    422,
    429,
    503,
  )
  send(
    @Param('idOrSlug', new SlugOrIdPipe('idOrSlug')) idOrSlug: string,
    @IdempotencyKey() key: string,
    @Body() share: SendShare,
    @Req() request: FastifyRequest,
  ): Promise<ShareTaken> {
    return this.shares.take(idOrSlug, share, { ip: request.ip, key, proof: this.cookie.heldBy(request) });
  }

  /** Lets out what waits for its sender. */
  @Post('shares/confirmations')
  @Responds('confirmShares', 'Sends what has waited under the link of the mail; again it sends what has come since.', [200, SharesConfirmed], 403, 413, 415, 422, 503) // prettier-ignore
  async confirm(@Body() { token }: ConfirmShares, @Res({ passthrough: true }) reply: FastifyReply): Promise<SharesConfirmed> {
    const confirmed = await this.confirmations.confirm(token);
    this.cookie.give(reply, confirmed);
    return SharesConfirmed.of(confirmed);
  }
}

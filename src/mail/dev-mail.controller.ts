import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { NotFound } from '../http/problem.js';
import { Public } from '../http/public.js';
import { mailList, mailView } from './dev-mail.page.js';
import type { MailFolder } from './mail-folder.js';

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;
const LOOPBACK_PEER = /^(?:(?:::ffff:)?127(?:\.\d+){3}|::1)$/;
/** What proxies and tunnels add: then whoever asks is not the neighbour on the connection. */
const PASSED_ON = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];
const POLICY = `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The mail folder, where one may look into it: on a machine for trying things, and from that machine. */
export class DevMailbox {
  /** Whether there is anything to look at here at all. */
  readonly open: boolean;

  constructor(
    readonly folder: MailFolder,
    { production, smtpUrl, publicOrigin }: Config,
  ) {
    this.open = !production && smtpUrl === null && LOOPBACK_HOST.test(new URL(publicOrigin).host);
  }

  /**
   * Letters hold links that set passwords. A page of another site must not read them through the browser of whoever works here, by a
   * cross-site request or under a name of its own that leads to this machine; nor may a neighbour on the network, or anybody beyond a proxy.
   */
  admits({ headers, socket }: FastifyRequest): boolean {
    const site = headers['sec-fetch-site'] ?? 'none';
    return (
      this.open &&
      LOOPBACK_HOST.test(headers.host ?? '') &&
      LOOPBACK_PEER.test(socket.remoteAddress ?? '') &&
      PASSED_ON.every((name) => headers[name] === undefined) &&
      (site === 'none' || site === 'same-origin')
    );
  }
}

/** Development mail. Everywhere else there is nothing here. */
@Public()
@ApiExcludeController()
@Controller('dev/mail')
export class DevMailController {
  constructor(private readonly mailbox: DevMailbox) {}

  @Get()
  async list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    if (!this.mailbox.admits(request)) throw new NotFound();
    return shown(reply, mailList(await this.mailbox.folder.list()));
  }

  @Get(':id')
  async find(@Param('id') id: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const mail = this.mailbox.admits(request) ? await this.mailbox.folder.find(id) : null;
    if (!mail) throw new NotFound();
    return shown(reply, mailView(mail));
  }
}

function shown(reply: FastifyReply, page: string): string {
  void reply
    .headers({
      'cache-control': 'private, no-store',
      'content-security-policy': POLICY,
      'cross-origin-resource-policy': 'same-origin',
    })
    .type('text/html; charset=utf-8');
  return page;
}

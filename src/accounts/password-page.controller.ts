import { Controller, Get, Header, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { HomeLanguage } from '../http/problem.js';
import { Public } from '../http/public.js';
import { PASSWORD_PAGE_POLICY, passwordPage, type PageLang } from './password.page.js';
import { PASSWORD_SCRIPT } from './password.script.js';

@Public()
@ApiExcludeController()
@Controller('desk')
export class PasswordPageController {
  constructor(private readonly home: HomeLanguage) {}

  @Get('password')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', PASSWORD_PAGE_POLICY)
  @Header('Referrer-Policy', 'no-referrer')
  @Header('X-Robots-Tag', 'noindex')
  @Header('Cache-Control', 'private, no-store')
  page(@Req() request: FastifyRequest): string {
    return passwordPage(langOf(request, this.home));
  }

  @Get('password.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  @Header('Cache-Control', 'private, no-store')
  script(): string {
    return PASSWORD_SCRIPT;
  }
}

/** `lang` of the address, else the first of ours that the browser names, else the center's. French readers get the English page. */
function langOf({ url, headers }: FastifyRequest, home: HomeLanguage): PageLang {
  const asked = /[?&]lang=(ar|en|fr)(?:&|$)/.exec(url)?.[1] ?? /(?:^|,)\s*(ar|en|fr)\b/i.exec(headers['accept-language'] ?? '')?.[1];
  return (asked?.toLowerCase() ?? home.lang) === 'ar' ? 'ar' : 'en';
}

import { Controller, Get, Header, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { HomeLanguage } from '../http/problem.js';
import { Public } from '../http/public.js';
import { PASSWORD_PAGE_POLICY, passwordPage } from './password.page.js';
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
    // French readers get the English page.
    const lang = this.home.ofReader(request.url, request.headers['accept-language']);
    return passwordPage(lang === 'ar' ? 'ar' : 'en');
  }

  @Get('password.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  @Header('Cache-Control', 'private, no-store')
  script(): string {
    return PASSWORD_SCRIPT;
  }
}

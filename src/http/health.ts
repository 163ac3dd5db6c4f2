import {
  Controller,
  Get,
  Header,
  HttpCode,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Reader, statement } from '../database/reader.js';
import { HomeLanguage, Problem } from './problem.js';
import { Public } from './public.js';

const ping = statement('select lang, name from pub.center');
const EVERY_MS = 1_000;
/** A swallowed network answers nothing at all; readiness must notice within 5 s. */
const PATIENCE_MS = 3_000;

/**
 * Whether both doors to the data answer: asked once a second however many ask us, so that a health check can be no attack. What is asked for
 * is the center's language and name, so that every instance learns of a change.
 */
@Injectable()
export class Readiness implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Readiness');
  private timer: NodeJS.Timeout | null = null;
  private state: 'starting' | 'ready' | 'database_unreachable' | 'stopping' = 'starting';

  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: Reader,
    private readonly home: HomeLanguage,
  ) {}

  get ready(): boolean {
    return this.state === 'ready';
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.look();
  }

  beforeApplicationShutdown(): void {
    this.state = 'stopping';
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    const answer = Promise.all([this.dataSource.query('select 1'), this.reader.row<Pick<HomeLanguage, 'lang' | 'name'>>(ping, [])]);
    const late = new Promise<never>((_, refuse) => setTimeout(() => refuse(new Error('no answer in time')), PATIENCE_MS).unref());
    try {
      const [, center] = await Promise.race([answer, late]);
      if (center !== null) Object.assign(this.home, center);
      this.turn('ready');
    } catch (error) {
      this.turn('database_unreachable', (error as Error).message);
    }
    if (this.state !== 'stopping') this.timer = setTimeout(() => void this.look(), EVERY_MS).unref();
  }

  private turn(state: 'ready' | 'database_unreachable', why = ''): void {
    if (this.state === 'stopping' || this.state === state) return;
    if (state === 'database_unreachable') this.logger.error(`database unreachable: ${why}`);
    else this.logger.log('ready');
    this.state = state;
  }
}

@Public()
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @Header('Cache-Control', 'private, no-store')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @Header('Cache-Control', 'private, no-store')
  @HttpCode(200)
  ready(): { status: 'ready' } {
    if (this.readiness.ready) return { status: 'ready' };
    throw new Problem(
      503,
      'not_ready',
      { ar: 'الخدمة لا تستقبل الآن.', en: 'The service is not taking requests just now.' },
      { headers: { 'retry-after': '2' } },
    );
  }
}

import { Global, Module } from '@nestjs/common';
import { Waker } from './waker.js';

/** Every domain may have due work. */
@Global()
@Module({ providers: [Waker], exports: [Waker] })
export class JobsModule {}

import { Module } from '@nestjs/common';
import { MailRoom } from './mail-room.service.js';

@Module({ providers: [MailRoom], exports: [MailRoom] })
export class MailModule {}

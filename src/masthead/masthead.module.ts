import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CenterController } from './center.controller.js';
import { Center, MastheadTerm } from './center.entity.js';
import { MastheadService } from './masthead.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Center, MastheadTerm])],
  controllers: [CenterController],
  providers: [MastheadService],
  exports: [MastheadService],
})
export class MastheadModule {}

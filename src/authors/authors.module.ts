import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { Author } from './author.entity.js';
import { AuthorsController } from './authors.controller.js';
import { AuthorsService } from './authors.service.js';
import { DeskAuthorsController } from './desk-authors.controller.js';

@Module({
  imports: [TypeOrmModule.forFeature([Author]), AuditModule],
  controllers: [AuthorsController, DeskAuthorsController],
  providers: [AuthorsService],
  exports: [AuthorsService],
})
export class AuthorsModule {}

import { ApiProperty } from '@nestjs/swagger';

class WorkParameters {
  @ApiProperty({ example: 'PBKDF2/SHA-256' })
  algorithm: string;

  @ApiProperty({ type: 'integer', example: 1000 })
  cost: number;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'What the work is good for.' })
  data: object;

  @ApiProperty({ type: 'integer', description: 'Seconds since 1970.' })
  expiresAt: number;

  @ApiProperty({ type: 'integer', example: 32 })
  keyLength: number;

  @ApiProperty()
  keyPrefix: string;

  @ApiProperty()
  keySignature: string;

  @ApiProperty()
  nonce: string;

  @ApiProperty()
  salt: string;
}

/** As `createChallenge` of altcha-lib 2 makes it, and its `solveChallenge` and widget take it. */
export class WorkChallenge {
  @ApiProperty({ type: WorkParameters })
  parameters: WorkParameters;

  @ApiProperty()
  signature: string;
}

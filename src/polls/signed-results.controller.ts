import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { IdPipe } from '../http/body.js';
import { Answers } from '../http/openapi.js';
import type { Published } from '../http/published.js';
import { Public } from '../http/public.js';
import { IdOf, LangQuery } from '../http/query.js';
import { SignedResults, type Jws } from './signed-results.service.js';

class FindSignedResult extends LangQuery {
  @IdOf({ description: 'Which edition; left out, the newest.' })
  edition?: number;
}

/** The count of a closed poll, signed: flattened JWS JSON of RFC 7515, with EdDSA (RFC 8037). */
class SignedResult implements Jws {
  @ApiProperty({ description: 'base64url: `alg`, `kid`, and `jwk`, the public key, which stands at /.well-known/markaz-keys.json too.' })
  protected: string;

  @ApiProperty({ description: 'base64url: the count as JSON, with the SHA-256 of every counted ballot’s receipt.' })
  payload: string;

  @ApiProperty({ description: 'base64url: Ed25519, of `protected`, a dot and `payload`.' })
  signature: string;
}

class PublicKey {
  @ApiProperty({ enum: ['OKP'] })
  kty: string;

  @ApiProperty({ enum: ['Ed25519'] })
  crv: string;

  @ApiProperty({ description: 'base64url of its 32 bytes.' })
  x: string;

  @ApiProperty({ description: 'Thumbprint of RFC 7638.' })
  kid: string;

  @ApiProperty({ enum: ['sig'] })
  use: string;

  @ApiProperty({ enum: ['EdDSA'] })
  alg: string;
}

/** JWK Set of RFC 7517. */
class PublicKeys {
  @ApiProperty({ type: [PublicKey] })
  keys: PublicKey[];
}

@Public()
@ApiTags('polls')
@Controller()
export class SignedResultsController {
  constructor(private readonly signed: SignedResults) {}

  @Get('api/v1/polls/:id/results/signed')
  @Answers('findSignedResult', 'The signed count of a closed poll.', SignedResult, 403, 404)
  find(@Param('id', new IdPipe()) id: number, @Query() { edition }: FindSignedResult): Promise<Published> {
    return this.signed.find(id, edition);
  }

  @Get('.well-known/markaz-keys.json')
  @Answers('listKeys', 'The public keys of signed counts.', PublicKeys)
  keys(): Promise<Published> {
    return this.signed.keys();
  }
}

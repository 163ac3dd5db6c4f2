import { ApiProperty } from '@nestjs/swagger';
import { Line } from '../http/body.js';
import { GivenPassword, Session } from './session.dto.js';

export function GivenCode(description: string, { optional = false } = {}): PropertyDecorator {
  return Line({ optional, max: 40, description, example: '123456' });
}

export const ANY_CODE = 'Six digits of the authenticator, or a recovery code.';

export class BeginSecondFactor {
  @GivenPassword()
  password: string;
}

export class ConfirmSecondFactor {
  @GivenCode('Six digits, as the authenticator shows them now.')
  code: string;
}

export class RenewRecoveryCodes {
  @GivenPassword()
  password: string;

  @GivenCode(ANY_CODE)
  code: string;
}

export class RemoveSecondFactor extends RenewRecoveryCodes {}

/** Whether the editor signs in with a second factor. */
export class SecondFactorState {
  @ApiProperty()
  on: boolean;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-31T10:00:00.000Z' })
  since: string | null;

  @ApiProperty({ type: 'integer', example: 10 })
  recoveryCodesLeft: number;
}

/** For an authenticator; it counts once a code of it was given. Shown this once. */
export class SecondFactorBegun {
  @ApiProperty({ example: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', description: 'Base32, to be typed.' })
  secret: string;

  @ApiProperty({
    example: 'otpauth://totp/Markaz:salma%40center.example?issuer=Markaz&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    description: 'To be shown as a QR code.',
  })
  uri: string;
}

/** Ten codes, each of which stands in for the authenticator once. Shown this once. */
export class RecoveryCodes {
  @ApiProperty({ type: [String], example: ['abcde-fghjk-mnpqr-stuvw'] })
  recoveryCodes: string[];
}

/** A new session, all earlier ones having ended, and the recovery codes. */
export class SecondFactorConfirmed extends Session {
  @ApiProperty({
    type: [String],
    example: ['abcde-fghjk-mnpqr-stuvw'],
    description: 'Each stands in for the authenticator once. Shown this once.',
  })
  recoveryCodes: string[];
}

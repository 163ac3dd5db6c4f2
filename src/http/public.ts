import { SetMetadata } from '@nestjs/common';

export const PUBLIC = 'markaz:public';

/** Opens a controller or one of its routes to everybody: without it the guard lets in signed-in editors only, and each for an act. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(PUBLIC, true);

import { Line } from '../http/body.js';

export function SenderNameField(): PropertyDecorator {
  return Line({ min: 2, max: 60, description: 'Name.', example: 'سلمى' });
}

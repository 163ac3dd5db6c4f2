/** What one recipient gets, whole. Made by a pure function beside the feature that sends it. */
export interface Mail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

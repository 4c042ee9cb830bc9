/**
 * The operating system's reasons for a failure, as they appear in messages.
 *
 * @module
 */

/**
 * The reason for a failed system call, such as `no space left on device`, without the error number
 * and the path that Deno adds.
 */
export function systemReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return uncapitalize(message.replace(/ \(os error \d+\).*$/s, ""));
}

/** Makes a sentence the end of another one; names in capitals, such as EMFILE, stay as they are. */
export function uncapitalize(text: string): string {
  return text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}

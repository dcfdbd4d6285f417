/**
 * Gives back a buffer's memory now, and leaves the buffer empty. The garbage collector counts such memory too late: it would
 * let 64 MiB of dropped output pile up. To be called by the only one who knows the buffer; one that shares its memory with
 * others is left alone.
 */
export function freeBuffer({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

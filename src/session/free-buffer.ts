/**
 * Gives back a buffer's memory now, and leaves the buffer empty. The garbage collector would let 64 MiB of buffers pile up,
 * and take a third of a busy host's time to find out which of them are still used. To be called by the only one who has the
 * buffer, once nothing in the system reads it any more; one that shares its memory with others is left alone.
 */
export function freeBuffer({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

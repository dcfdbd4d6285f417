import { createCipheriv, randomBytes } from "node:crypto";

/** AES in counter mode turns a short seed into as many bytes as one likes. */
const CIPHER = "aes-128-ctr";
const SEED_BYTES = 16;

/** Gives random bytes, the next ones with each call. The seed is printed, so that a failure can be had again with SEED. */
export function createRandomSource(): (length: number) => Buffer {
  const seed = process.env.SEED ?? randomBytes(SEED_BYTES).toString("hex");
  console.log(`        seed ${seed}`);
  const cipher = createCipheriv(CIPHER, Buffer.from(seed, "hex"), Buffer.alloc(SEED_BYTES));
  return (length) => cipher.update(Buffer.alloc(length));
}

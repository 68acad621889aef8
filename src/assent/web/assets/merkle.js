// @ts-check
/**
 * The mathematics of the log, in the reader's own browser: leaves, paths and consistency of the
 * Merkle tree (RFC 6962, section 2.1; the algorithms are those of RFC 9162, section 2.1).
 * Nothing here asks the server for anything.
 */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const HASH_BYTES = 32
const MOST_HASHES = 63

/** @param {Bytes} bytes @returns {Promise<Bytes>} */
export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
}

/** @param {...Bytes} parts @returns {Bytes} */
export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** @param {Bytes} one @param {Bytes} other @returns {boolean} */
export function same(one, other) {
  return one.length === other.length && one.every((byte, place) => byte === other[place])
}

/** The hash of a leaf. @param {Bytes} leaf @returns {Promise<Bytes>} */
export function leafHash(leaf) {
  return sha256(joined(new Uint8Array([0]), leaf))
}

/** The hash of a node over its two children. @param {Bytes} left @param {Bytes} right */
export function nodeHash(left, right) {
  return sha256(joined(new Uint8Array([1]), left, right))
}

/** @param {number} size @param {string} what @returns {bigint} */
function counted(size, what) {
  if (!Number.isSafeInteger(size) || size < 0) throw new Error(`${what} is no size of a tree`)
  return BigInt(size)
}

/** @param {Bytes[]} path */
function checkPath(path) {
  if (path.length > MOST_HASHES) throw new Error(`a proof has at most ${MOST_HASHES} hashes`)
  if (path.some((hash) => hash.length !== HASH_BYTES)) throw new Error("a hash has 32 bytes")
}

/**
 * The root that a leaf's path leads to. Throws where the path is of another length than a tree of
 * that size has there (RFC 9162, section 2.1.3.2).
 * @param {number} index @param {number} size @param {Bytes} leaf its hash @param {Bytes[]} path
 * @returns {Promise<Bytes>}
 */
export async function rootFromPath(index, size, leaf, path) {
  checkPath(path)
  let place = counted(index, "the index")
  let last = counted(size, "the size") - 1n
  if (place > last) throw new Error("the tree is smaller than the entry's index")
  let root = leaf
  for (const hash of path) {
    if (last === 0n) throw new Error("the path is too long for a tree of this size")
    if (place & 1n || place === last) {
      root = await nodeHash(hash, root)
      while (!(place & 1n) && place !== 0n) {
        place >>= 1n
        last >>= 1n
      }
    } else {
      root = await nodeHash(root, hash)
    }
    place >>= 1n
    last >>= 1n
  }
  if (last !== 0n) throw new Error("the path is too short for a tree of this size")
  return root
}

/**
 * Whether the tree of `newSize` continues that of `oldSize` (RFC 9162, section 2.1.4.2).
 * @param {number} oldSize @param {number} newSize @param {Bytes} oldRoot @param {Bytes} newRoot
 * @param {Bytes[]} proof @returns {Promise<boolean>}
 */
export async function isConsistent(oldSize, newSize, oldRoot, newRoot, proof) {
  checkPath(proof)
  const before = counted(oldSize, "the old size")
  const after = counted(newSize, "the new size")
  if (before > after) return false
  if (before === after) return proof.length === 0 && same(oldRoot, newRoot)
  if (before === 0n) return proof.length === 0
  const path = (before & (before - 1n)) === 0n ? [oldRoot, ...proof] : proof
  if (path.length === 0) return false
  let place = before - 1n
  let last = after - 1n
  while (place & 1n) {
    place >>= 1n
    last >>= 1n
  }
  let first = path[0]
  let second = path[0]
  for (const hash of path.slice(1)) {
    if (last === 0n) return false
    if (place & 1n || place === last) {
      first = await nodeHash(hash, first)
      second = await nodeHash(hash, second)
      while (!(place & 1n) && place !== 0n) {
        place >>= 1n
        last >>= 1n
      }
    } else {
      second = await nodeHash(second, hash)
    }
    place >>= 1n
    last >>= 1n
  }
  return last === 0n && same(first, oldRoot) && same(second, newRoot)
}

// Base58 with the Bitcoin alphabet.
import assert from 'node:assert/strict';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The number of bytes that a Base58 text stands for. */
export function base58Bytes(text) {
  let value = 0n;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    assert.ok(digit >= 0, `${character} is not in the alphabet`);
    value = value * 58n + BigInt(digit);
  }
  const leading = text.match(/^1*/)[0].length;
  const hex = value.toString(16);
  return leading + (value === 0n ? 0 : Math.ceil(hex.length / 2));
}

// Records of Amazon's event stream.
import zlib from 'node:zlib';

function header(name, value) {
  const head = Buffer.alloc(1 + name.length + 3);
  head.writeUInt8(name.length);
  head.write(name, 1);
  head.writeUInt8(7, 1 + name.length);
  head.writeUInt16BE(Buffer.byteLength(value), 2 + name.length);
  return Buffer.concat([head, Buffer.from(value)]);
}

const crcTable = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++)
    n = n & 1 ? n >>> 1 ^ 0xedb88320 : n >>> 1;
  return n;
});
const crc32 = zlib.crc32 ?? (bytes =>
  ~bytes.reduce((crc, byte) => crc >>> 8 ^ crcTable[(crc ^ byte) & 255], -1)
  >>> 0);

// KIND is `event` or `exception`, PAYLOAD JSON's text or a value.
export function record(kind, type, payload) {
  const headers = Buffer.concat([header(`:${kind}-type`, type),
    header(':content-type', 'application/json'),
    header(':message-type', kind)]);
  const body = Buffer.from(
    typeof payload === 'string' ? payload : JSON.stringify(payload));
  const bytes = Buffer.alloc(16 + headers.length + body.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(headers.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  headers.copy(bytes, 12);
  body.copy(bytes, 12 + headers.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

// Lines of `KIND TYPE PAYLOAD`, as tests/data has them.
export function recordLines(text) {
  return Buffer.concat(text.split('\n').filter(Boolean).map(line => {
    const [, kind, type, payload] = /^(\S+) (\S+) (.*)$/.exec(line);
    return record(kind, type, payload);
  }));
}

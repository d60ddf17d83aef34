// Loaded into a server with `node --require`: whatever address it wants to
// listen at, it is 127.0.0.1.
'use strict';
const net = require('node:net');

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (first, ...rest) {
  if (first && typeof first === 'object' && first.path === undefined &&
    first.fd === undefined)
    return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest);
  if (typeof first !== 'number' && !/^\d+$/.test(String(first)))
    return listen.call(this, first, ...rest);
  const done = rest.find(item => typeof item === 'function');
  return listen.call(this, { port: Number(first), host: '127.0.0.1' },
    ...(done ? [done] : []));
};

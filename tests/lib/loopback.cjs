// Loaded into a program with `node --require`: it reaches nothing but this
// machine, and an attempt to is told and ends it.
'use strict';
const dgram = require('node:dgram');
const dns = require('node:dns');
const net = require('node:net');

const ours = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

function refuse(where) {
  process.stderr.write(`REFUSED: a connection to ${where}\n`);
  process.exit(99);
}

function check(host) {
  if (host !== undefined && host !== null && !ours.test(host))
    refuse(host);
}

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args;
  if (first && typeof first === 'object') {
    if (first.path === undefined)
      check(first.host);
  } else if (typeof first === 'number' && typeof args[1] === 'string') {
    check(args[1]);
  }
  return connect.apply(this, args);
};
const { lookup } = dns;
dns.lookup = (host, ...rest) => {
  check(host);
  return lookup(host, ...rest);
};
dgram.createSocket = () => refuse('UDP');

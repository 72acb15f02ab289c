// Takes plain connections and carries them over TLS to a port: the client of the suite speaks no TLS.
const net = require('net');
const tls = require('tls');

const port = Number(process.argv[2]);
const bridge = net.createServer({ allowHalfOpen: true }, (plain) => {
  const way = { host: '127.0.0.1', port, ALPNProtocols: ['http/1.1'] };
  const options = { ...way, rejectUnauthorized: false, allowHalfOpen: true };
  const secure = tls.connect(options);
  plain.setNoDelay(true);
  secure.setNoDelay(true);
  plain.pipe(secure);
  secure.pipe(plain);
  plain.on('error', () => secure.destroy());
  secure.on('error', () => plain.destroy());
});
bridge.listen(0, '127.0.0.1', () => console.log(bridge.address().port));

// Says back whatever comes over WebSocket, and answers other requests, which are probes, with 200.
const http = require('http');
const { WebSocketServer } = require('ws');

const server = http.createServer((request, response) => response.end('ok'));
// No limit that a case of the suite meets: what is compared is the way, not this end of it.
const options = { server, perMessageDeflate: true, maxPayload: 64 << 20, maxFragments: 0, maxBufferedChunks: 0 };
new WebSocketServer(options).on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));

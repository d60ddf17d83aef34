#!/usr/bin/env python3
"""A server of the Model Context Protocol for tests, well-behaved or not.

    mcp_server.py stdio MODE   one session on standard input and output
    mcp_server.py http         prints its port; the path of a URL is the mode;
                               ends with its standard input

Tools: echo, sum, picture, fail, slow, die, swap, huge, ask, env, seen, change,
forget.  The method `seen` tells what has come so far.
"""
import http.server
import json
import os
import queue
import sys
import threading
import time

TEXT = {'type': 'object', 'properties': {'text': {'type': 'string'}}}


def result(message, value):
    return {'jsonrpc': '2.0', 'id': message['id'], 'result': value}


def error(message, code, text):
    return {'jsonrpc': '2.0', 'id': message['id'],
            'error': {'code': code, 'message': text}}


def text(*texts, **more):
    return {'content': [{'type': 'text', 'text': t} for t in texts], **more}


class Session:
    """What is said in one session; `say` sends a message."""

    def __init__(self, mode, say):
        self.mode, self.say = mode, say
        self.seen, self.held, self.asking = [], [], None
        self.names = ['echo', 'sum', 'picture']

    def take(self, message):
        method = message.get('method')
        if method is None:
            self.take_answer(message)
            return
        note = method
        if method == 'notifications/cancelled':
            note += ' ' + message['params']['reason']
        self.seen.append(note)
        if 'id' not in message or self.mode == 'mute':
            return
        if self.mode == 'wrongids' and method == 'tools/call':
            self.say(result({'id': 77777}, text('not yours')))
            self.say(result({'id': str(message['id'])}, text('nor this')))
        handler = getattr(self, 'on_' + method.replace('/', '_'), None)
        if handler is None:
            self.say(error(message, -32601, 'Method not found'))
        else:
            handler(message, message.get('params', {}))

    def take_answer(self, message):
        self.answers.append(message)
        if len(self.answers) == 3:
            self.answers.sort(key=lambda m: m['id'])
            self.say(result(self.asking, text(json.dumps(
                [m.get('result', m.get('error')) for m in self.answers]))))

    def on_initialize(self, message, params):
        if self.mode == 'stateless':
            self.say(error(message, -32601, 'Method not found'))
            return
        if self.mode == 'refuse':
            self.say(error(message, -32603, 'not today'))
            return
        version = {'badversion': '1999-01-01', 'old': '2024-11-05',
                   'newer': '2025-11-25'}
        self.say(result(message, {
            'protocolVersion': version.get(self.mode,
                                           params['protocolVersion']),
            'capabilities': {'tools': {'listChanged': True}},
            'serverInfo': {'name': 'test', 'version': '1'}}))

    def on_tools_list(self, message, params):
        if self.mode == 'notools':
            self.say(error(message, -32601, 'Method not found'))
            return
        if self.mode == 'stateless':
            meta = params['_meta']
            assert meta['io.modelcontextprotocol/protocolVersion'] == \
                '2026-07-28'
            assert meta['io.modelcontextprotocol/clientCapabilities'] == {}
        if self.mode == 'endless':
            self.say(result(message, {'tools': [], 'nextCursor': 'more'}))
            return
        if self.mode == 'many':
            tools = [{'name': f't{i}', 'inputSchema': {}} for i in range(1001)]
            self.say(result(message, {'tools': tools}))
            return
        if 'cursor' not in params:
            self.say(result(message, {'nextCursor': 'page 2', 'tools': [
                {'name': 'echo', 'description': 'Says it again',
                 'inputSchema': TEXT, 'annotations': {}},
                {'name': 'echo', 'inputSchema': {}}, {'name': 7}, None]}))
            return
        assert params['cursor'] == 'page 2'
        self.say(result(message, {'tools': [{'name': n}
                                            for n in self.names[1:]]}))

    def on_tools_call(self, message, params):
        arguments = params['arguments']
        handler = getattr(self, 'tool_' + params['name'], None)
        if handler is None:
            self.say(error(message, -32602,
                           'Tool ' + params['name'] + ' not found'))
            return
        value = handler(message, arguments)
        if value is not None:
            self.say(result(message, value))

    def tool_echo(self, message, arguments):
        del message
        return text('Echo: ' + arguments.get('text', ''))

    def tool_sum(self, message, arguments):
        del message
        total = arguments['a'] + arguments['b']
        return text('it is ' + str(total), structuredContent={'sum': total})

    def tool_picture(self, message, arguments):
        del message, arguments
        return {'content': [{'type': 'text', 'text': 'one'},
                            {'type': 'image', 'data': 'AA==',
                             'mimeType': 'image/png'}], 'isError': False}

    def tool_lines(self, message, arguments):
        del message, arguments
        return text('one', 'two')

    def tool_input(self, message, arguments):
        del message, arguments
        return {'resultType': 'input_required', 'inputRequests': {}}

    def tool_fail(self, message, arguments):
        del message, arguments
        return text('it', 'broke', isError=True)

    def tool_slow(self, message, arguments):
        if arguments.get('progress'):
            self.say({'jsonrpc': '2.0', 'method': 'notifications/progress',
                      'params': {'progress': 1, 'progressToken': 1}})

    def tool_die(self, message, arguments):
        sys.stderr.write('Traceback\nError: on purpose\nRuntime v1\n')
        sys.stderr.flush()
        os._exit(3)

    def tool_swap(self, message, arguments):
        self.held.insert(0, (message, arguments['text']))
        if len(self.held) == 2:
            for held, word in self.held:
                self.say(result(held, text(word)))
            self.held = []

    def tool_huge(self, message, arguments):
        return text('x' * arguments['bytes'])

    def tool_ask(self, message, arguments):
        self.asking, self.answers = message, []
        for i, method in enumerate(('ping', 'roots/list',
                                    'sampling/createMessage')):
            self.say({'jsonrpc': '2.0', 'id': f'q{i}', 'method': method})

    def tool_pester(self, message, arguments):
        self.answers = []
        for i in range(arguments['n']):
            self.say({'jsonrpc': '2.0', 'id': i, 'method': 'ping'})
        return text('pestered')

    def tool_env(self, message, arguments):
        return text(os.environ.get('MCP_TEST', 'unset') + ' ' + os.getcwd() +
                    ' ' + str('SECRET' in os.environ))

    def tool_seen(self, message, arguments):
        seen, self.seen = self.seen, []
        return text('\n'.join(seen))

    def tool_change(self, message, arguments):
        self.names.append('new')
        self.say({'jsonrpc': '2.0',
                  'method': 'notifications/tools/list_changed'})
        return text('changed')


def serve_stdio(mode):
    out = sys.stdout.buffer

    def say(message):
        if mode == 'batch':
            message = [{'jsonrpc': '2.0', 'method': 'notifications/message'},
                       message]
        out.write(json.dumps(message).encode() + b'\n')
        out.flush()

    if mode == 'exit':
        sys.exit('cannot open the database')
    if mode == 'babble':
        out.write(b'Welcome!\n\n{"not": "a message"}\n[1\n')
    while mode == 'flood':
        out.write(b'noise\n')
    session = Session(mode, say)
    for line in sys.stdin:
        session.take(json.loads(line))


# --- HTTP: the session is the header's; what came is told to the tool `seen`

SEEN = []
SESSIONS = {}
STREAMS = {}
LOCK = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def note(self):
        names = ('Mcp-Session-Id', 'MCP-Protocol-Version', 'X-Key',
                 'Mcp-Method', 'Mcp-Name')
        with LOCK:
            SEEN.append(' '.join([self.command, self.path] + [
                self.headers[n] for n in names if n in self.headers]))

    def reply(self, status, body=b'', kind='application/json', **headers):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        if body:
            self.send_header('Content-Type', kind)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self):
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.send_header('Connection', 'close')
        self.end_headers()
        self.close_connection = True

    def event(self, data, name='message'):
        self.wfile.write(f'event: {name}\nid: 1\ndata: {data}\n\n'.encode())
        self.wfile.flush()

    def do_DELETE(self):
        self.note()
        with LOCK:
            SESSIONS.pop(self.headers.get('Mcp-Session-Id'), None)
        self.reply(200)

    def do_GET(self):
        self.note()
        mode = self.path[1:]
        if mode == 'old':
            self.serve_stream('/messages?stream=')
        elif mode == 'elsewhere':
            self.serve_stream('http://127.0.0.2:1/messages?stream=')
        elif mode == 'closes':
            self.begin_stream()
        elif mode == 'silent':
            self.begin_stream()
            self.rfile.read(1)
        elif mode == 'page':
            self.reply(200, b'<html>', 'text/html')
        else:
            self.reply(405)

    def serve_stream(self, endpoint):
        box, name = queue.Queue(), str(len(STREAMS))
        STREAMS[name] = (Session('old', box.put), box)
        self.begin_stream()
        self.event(endpoint + name, 'endpoint')
        while True:
            message = box.get()
            if message is None:
                return
            self.event(json.dumps(message))

    def do_POST(self):
        self.note()
        body = self.rfile.read(int(self.headers['Content-Length']))
        message = json.loads(body)
        mode = self.path[1:]
        if mode.startswith('messages?stream='):
            self.post_to_stream(mode[16:], message)
        elif mode in ('old', 'elsewhere', 'closes', 'silent', 'page'):
            self.reply(405)
        elif mode == 'unauthorized':
            self.reply(401, b'{"error": "invalid_token"}')
        elif mode == 'redirect':
            self.reply(307, Location='http://127.0.0.1:1/')
        elif mode == 'html':
            self.reply(200, b'<html>', 'text/html')
        elif mode == 'mute':
            time.sleep(30)
        elif mode == 'cut':
            self.begin_stream()
            self.event('{"jsonrpc": "2.0", "method": "notifications/message"}')
        else:
            self.post_to_session(mode, message)

    def post_to_stream(self, name, message):
        session, box = STREAMS[name]
        if message.get('params', {}).get('name') == 'hang_up':
            box.put(None)
        elif message.get('params', {}).get('name') == 'seen':
            with LOCK:
                session.seen = list(SEEN)
                SEEN.clear()
            session.take(message)
        else:
            session.take(message)
        self.reply(202)

    def find_session(self, mode, message, said):
        name = self.headers.get('Mcp-Session-Id')
        if mode in ('nosession', 'stateless'):
            return Session(mode, said.append), {}
        if message.get('method') == 'initialize':
            name = f's{len(SEEN)}'
            SESSIONS[name] = Session(mode, None)
            return SESSIONS[name], {'Mcp_Session_Id': name}
        if mode == 'forgets' and message.get('method') == 'tools/list':
            return None, {}
        return SESSIONS.get(name), {}

    def post_to_session(self, mode, message):
        said = []
        with LOCK:
            session, headers = self.find_session(mode, message, said)
        if session is None:
            if mode == 'lost400':
                self.reply(400, b'{"jsonrpc":"2.0","id":null,"error":{"code":'
                           b'-32000,"message":"No valid session ID"}}')
            else:
                self.reply(404)
            return
        session.say = said.append
        name = message.get('params', {}).get('name')
        if name == 'forget':
            SESSIONS.clear()
        if name == 'seen':
            with LOCK:
                session.seen = list(SEEN)
                SEEN.clear()
        session.take(message)
        if mode == 'stateless' and said and 'error' in said[-1]:
            self.reply(400, json.dumps(said[-1]).encode())
            return
        if name == 'slow':
            time.sleep(30)
        if mode == 'lingers' and 'id' not in message:
            self.begin_stream()
            self.rfile.read(1)
        elif 'id' not in message or 'method' not in message:
            self.reply(202)
        elif mode == 'stream':
            self.send_stream(said, headers)
        else:
            self.reply(200, json.dumps(said[-1] if said else {}).encode(),
                       **headers)

    def send_stream(self, said, headers):
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream; charset=utf-8')
        self.send_header('Connection', 'close')
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.close_connection = True
        self.event('')
        self.event('{"jsonrpc":"2.0","id":"p","method":"ping"}')
        self.event('no message')
        for message in said:
            self.event(json.dumps(message))


def serve_http():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if sys.argv[1] == 'http':
    serve_http()
else:
    serve_stdio(sys.argv[2])

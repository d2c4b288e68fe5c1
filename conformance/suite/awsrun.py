# Runs the aws command line for whoever connects, in a process forked from this one, which has loaded it. See awsrun.go.
import gc, json, os, socketserver, sys, tempfile, threading
import awscli.clidriver

address, sys.argv = sys.argv[1], ['aws']  # which words its usage
driver = awscli.clidriver.create_clidriver()
driver.session.create_client('codeartifact', region_name='us-east-1')


class Call(socketserver.StreamRequestHandler):
    def handle(self):
        call = json.loads(self.rfile.readline())
        os.environ.update(call['environment'])
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
            os.dup2(out.fileno(), 1)
            os.dup2(log.fileno(), 2)
            try:
                code = driver.main(call['arguments'])
            except SystemExit as end:
                code = end.code
            sys.stdout.flush()
            sys.stderr.flush()
            said = {'code': code}
            for name, file in ('out', out), ('log', log):
                file.seek(0)
                said[name] = file.read().decode()
            self.wfile.write(json.dumps(said).encode())


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    request_queue_size = 64


def leave():
    sys.stdin.read()
    os._exit(0)


gc.freeze()
with Server(address, Call) as server:
    threading.Thread(target=leave, daemon=True).start()  # when whoever started it has gone
    print('ready', flush=True)
    server.serve_forever()

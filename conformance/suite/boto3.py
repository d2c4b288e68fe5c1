# Makes calls with boto3: one JSON object a line in, one out. See boto3.go.
import datetime, hashlib, json, sys
import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

setting = json.loads(sys.stdin.readline())
config = Config(parameter_validation=False, read_timeout=300)
came = {}  # the answer to the call that is made


def note(http_response, parsed, model, **_):
    came['status'] = http_response.status_code
    came['header'] = {name.lower(): value for name, value in http_response.headers.items()}
    if came['header'].get('content-type', '').startswith('application/json'):
        came['body'] = http_response.content.decode()


def caller(key):
    made = boto3.client('codeartifact', endpoint_url=setting['endpoint'], region_name=setting['region'], config=config,
                        aws_access_key_id=key['id'], aws_secret_access_key=key['secret'],
                        aws_session_token=key['session'] or None)
    made.meta.events.register('after-call.codeartifact', note)
    return made


callers = {who: caller(key) for who, key in setting['keys'].items()}


def shown(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat(timespec='milliseconds')
    if hasattr(value, 'read'):
        return hashlib.sha256(value.read()).hexdigest()
    raise TypeError(f'{type(value)} in an answer')


for line in sys.stdin:
    call = json.loads(line)
    came.clear()
    try:
        output = getattr(callers[call['as']], xform_name(call['operation']))(**call['input'])
        output.pop('ResponseMetadata')
        answer = {'output': output}
    except ClientError as e:
        members = {k: str(v) for k, v in e.response.items() if k not in ('Error', 'ResponseMetadata', 'message')}
        error = e.response['Error']
        answer = {'refusal': {'code': error['Code'], 'message': error['Message'], 'members': members}}
    print(json.dumps(came | answer, default=shown), flush=True)

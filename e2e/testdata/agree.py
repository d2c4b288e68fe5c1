# Makes calls with boto3: one JSON object a line in, one out. See agree_clients_test.go.
import datetime, hashlib, json, sys
import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

keys = json.loads(sys.stdin.readline())
callers = {who: boto3.client('codeartifact', aws_access_key_id=key[0], aws_secret_access_key=key[1]) for who, key in keys.items()}


def shown(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat(timespec='milliseconds')
    if hasattr(value, 'read'):
        return hashlib.sha256(value.read()).hexdigest()
    raise TypeError(f'{type(value)} in an answer')


for line in sys.stdin:
    call = json.loads(line)
    caller = callers[call['as']]
    answer = {'documented': [e.name for e in caller.meta.service_model.operation_model(call['operation']).error_shapes]}
    try:
        answer['output'] = getattr(caller, xform_name(call['operation']))(**call['input'])
        answer['output'].pop('ResponseMetadata')
    except ClientError as e:
        members = {k: v for k, v in e.response.items() if k not in ('Error', 'ResponseMetadata', 'message')}
        answer['refusal'] = {
            'code': e.response['Error']['Code'], 'message': e.response['Error']['Message'],
            'status': e.response['ResponseMetadata']['HTTPStatusCode'], 'members': members,
        }
        assert e.response['ResponseMetadata']['RequestId'], e.response
    print(json.dumps(answer, default=shown), flush=True)
